import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { Claim } from '#lib/platform/claim.ts'
import type { DeliveryState } from './model.ts'

/** Where a delivery that has ended is due: never, as far as claiming goes. */
const never = sql<Date>`timestamptz '9999-12-31 00:00:00Z'`

export type NewDelivery = {
  id: string
  workspaceId: string
  channelId: string
  identityId: string | null
  form: 'at-once' | 'digest' | 'webhook' | 'test'
  dedupe: string
  payload: unknown
  dueAt: Date
  now: Date
}

/** False when there is a delivery for the same already. */
export async function insertDelivery(tx: Tx, row: NewDelivery): Promise<boolean> {
  const result = await tx
    .insertInto('notification_delivery')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      channel_id: row.channelId,
      identity_id: row.identityId,
      form: row.form,
      dedupe: row.dedupe,
      payload: row.payload === null ? null : json(row.payload),
      state: 'waiting',
      because: 'It waits for its time.',
      created_at: row.now,
      ended_at: null,
      due_at: row.dueAt,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.column('dedupe').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** A digest that can still take something in: locked, so that no worker begins to send it meanwhile. */
export async function lockOpenDigest(tx: Tx, dedupe: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('notification_delivery')
    .select(['id', 'state', 'attempts'])
    .where('dedupe', '=', dedupe)
    .forUpdate()
    .executeTakeFirst()
  return row?.state === 'waiting' && row.attempts === 0 ? row.id : undefined
}

export async function insertItem(tx: Tx, deliveryId: string, notificationId: string): Promise<void> {
  await tx
    .insertInto('notification_delivery_item')
    .values({ delivery_id: deliveryId, notification_id: notificationId })
    .onConflict((c) => c.doNothing())
    .execute()
}

const deliveryColumns = [
  'd.id as id',
  'd.workspace_id as workspaceId',
  'd.channel_id as channelId',
  'c.kind as channelKind',
  'c.name as channelName',
  'd.identity_id as identityId',
  'i.name as identityName',
  'd.form as form',
  'd.payload as payload',
  'd.state as state',
  'd.because as because',
  'd.attempts as claims',
  'd.created_at as createdAt',
  'd.due_at as dueAt',
  'd.ended_at as endedAt',
] as const

function deliveries(db: Reader) {
  return db
    .selectFrom('notification_delivery as d')
    .innerJoin('notification_channel as c', 'c.id', 'd.channel_id')
    .leftJoin('identity as i', 'i.id', 'd.identity_id')
    .select(deliveryColumns)
    .select((e) => [
      e
        .selectFrom('notification_delivery_item as n')
        .select((c) => c.fn.countAll<bigint>().as('n'))
        .whereRef('n.delivery_id', '=', 'd.id')
        .as('items'),
      e
        .selectFrom('notification_attempt as a')
        .select((c) => c.fn.countAll<bigint>().as('n'))
        .whereRef('a.delivery_id', '=', 'd.id')
        .as('attempts'),
    ])
}
export type DeliveryRow = Awaited<ReturnType<ReturnType<typeof deliveries>['execute']>>[number]

export function selectDelivery(db: Reader, id: string): Promise<DeliveryRow | undefined> {
  return deliveries(db).where('d.id', '=', id).executeTakeFirst()
}

export function selectDeliveries(
  db: Reader,
  of: {
    workspaceId: string
    before: string | undefined
    limit: number
    state?: DeliveryState | undefined
    identityId?: string
  },
): Promise<DeliveryRow[]> {
  let query = deliveries(db).where('d.workspace_id', '=', of.workspaceId)
  if (of.before) query = query.where('d.id', '<', of.before)
  if (of.state) query = query.where('d.state', '=', of.state)
  if (of.identityId) query = query.where('d.identity_id', '=', of.identityId)
  return query.orderBy('d.id', 'desc').limit(of.limit).execute()
}

export function selectItems(db: Reader, deliveryId: string) {
  return db
    .selectFrom('notification_delivery_item as x')
    .innerJoin('notification as n', 'n.id', 'x.notification_id')
    .select([
      'n.id',
      'n.kind',
      'n.title',
      'n.text',
      'n.resource_kind as resourceKind',
      'n.resource_id as resourceId',
      'n.at',
    ])
    .where('x.delivery_id', '=', deliveryId)
    .orderBy('n.id')
    .limit(200)
    .execute()
}
export type ItemRow = Awaited<ReturnType<typeof selectItems>>[number]

export function selectAttempts(db: Reader, deliveryId: string) {
  return db
    .selectFrom('notification_attempt')
    .select([
      'attempt',
      'at',
      'outcome',
      'permanent',
      'because',
      'provider_id as providerId',
      'duration_ms as durationMs',
    ])
    .where('delivery_id', '=', deliveryId)
    .orderBy('id')
    .limit(100)
    .execute()
}

export async function insertAttempt(
  tx: Tx,
  row: {
    deliveryId: string
    attempt: number
    at: Date
    outcome: 'accepted' | 'refused'
    permanent: boolean
    because: string | null
    providerId: string | null
    durationMs: number
  },
): Promise<void> {
  await tx
    .insertInto('notification_attempt')
    .values({
      delivery_id: row.deliveryId,
      attempt: row.attempt,
      at: row.at,
      outcome: row.outcome,
      permanent: row.permanent,
      because: row.because,
      provider_id: row.providerId,
      duration_ms: row.durationMs,
    })
    .execute()
}

/** Ends a delivery that this claim holds; false when another worker has taken it over. */
export async function endDelivery(
  tx: Tx,
  claim: Claim,
  to: { state: 'delivered' | 'dropped' | 'dead'; because: string; now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notification_delivery')
    .set({
      state: to.state,
      because: to.because,
      ended_at: to.now,
      due_at: never,
      lease_until: null,
      lease_holder: null,
    })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Says why it still waits; the claim is given back by `releaseClaim`. */
export async function noteDelivery(tx: Tx, claim: Claim, because: string): Promise<void> {
  await tx
    .updateTable('notification_delivery')
    .set({ because })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .execute()
}

export function lockDelivery(tx: Tx, id: string) {
  return tx
    .selectFrom('notification_delivery')
    .select(['id', 'workspace_id as workspaceId', 'state', 'because'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** A delivery that was given up waits again, from its first attempt on. */
export async function reviveDelivery(tx: Tx, id: string, because: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notification_delivery')
    .set({ state: 'waiting', because, ended_at: null, due_at: now, attempts: 0 })
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
