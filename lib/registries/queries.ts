import { sql } from 'kysely'
import type { Claim } from '#lib/platform/claim.ts'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { RegistrySettings, RegistryState } from './model.ts'

export type RegistryRow = {
  id: string
  workspaceId: string
  name: string
  kind: 'mlflow'
  url: string
  settings: RegistrySettings
  sealedCredentials: string | null
  sealedHookSecret: string
  outsideEdits: 'report' | 'put-back'
  state: RegistryState
  because: string
  server: { version: string } | null
  createdAt: Date
  createdBy: string
  checkedAt: Date | null
  scannedAt: Date | null
  syncedAt: Date | null
  hookAt: Date | null
  fence: bigint
}

const columns = [
  'id',
  'workspace_id as workspaceId',
  'name',
  'kind',
  'url',
  'settings',
  'sealed_credentials as sealedCredentials',
  'sealed_hook_secret as sealedHookSecret',
  'outside_edits as outsideEdits',
  'state',
  'because',
  'server',
  'created_at as createdAt',
  'created_by as createdBy',
  'checked_at as checkedAt',
  'scanned_at as scannedAt',
  'synced_at as syncedAt',
  'hook_at as hookAt',
  'fence',
] as const

export async function selectRegistry(db: Reader, id: string): Promise<RegistryRow | undefined> {
  const row = await db.selectFrom('registry').select(columns).where('id', '=', id).executeTakeFirst()
  return row && (row as RegistryRow)
}

export async function lockRegistry(tx: Tx, id: string): Promise<RegistryRow | undefined> {
  const row = await tx.selectFrom('registry').select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
  return row && (row as RegistryRow)
}

export async function selectRegistries(
  db: Reader,
  workspaceId: string,
  page: { before: string | undefined; limit: number },
): Promise<RegistryRow[]> {
  let query = db.selectFrom('registry').select(columns).where('workspace_id', '=', workspaceId)
  if (page.before) query = query.where('id', '<', page.before)
  return (await query.orderBy('id', 'desc').limit(page.limit).execute()) as RegistryRow[]
}

/** False when the workspace has a connection of that name. */
export async function insertRegistry(
  tx: Tx,
  row: Pick<
    RegistryRow,
    'id' | 'workspaceId' | 'name' | 'kind' | 'url' | 'settings' | 'sealedCredentials' | 'sealedHookSecret'
  > & { outsideEdits: RegistryRow['outsideEdits']; because: string; createdBy: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .insertInto('registry')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      name: row.name,
      kind: row.kind,
      url: row.url,
      settings: json(row.settings),
      sealed_credentials: row.sealedCredentials,
      sealed_hook_secret: row.sealedHookSecret,
      outside_edits: row.outsideEdits,
      state: 'checking',
      because: row.because,
      created_at: row.now,
      created_by: row.createdBy,
      due_at: row.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Ends the connection: it is never due again. */
export async function disableRow(tx: Tx, id: string, because: string): Promise<void> {
  await tx
    .updateTable('registry')
    .set({ state: 'disabled', because, due_at: null, lease_until: null, lease_holder: null, sealed_credentials: null })
    .set((e) => ({ fence: e('fence', '+', 1n) }))
    .where('id', '=', id)
    .execute()
}

/** Makes it due now, with everything read afresh. */
export async function makeScanDue(tx: Tx, id: string, now: Date, state: 'checking' | undefined): Promise<void> {
  await tx
    .updateTable('registry')
    .set({ due_at: now, scanned_at: null, ...(state ? { state, because: 'It is being asked.' } : {}) })
    .where('id', '=', id)
    .where('state', '<>', 'disabled')
    .execute()
}

/** A hint: the list is read again, at most every few seconds however many hints come. False when nothing was to do. */
export async function noteHook(tx: Tx, id: string, now: Date, notBefore: Date): Promise<boolean> {
  const result = await tx
    .updateTable('registry')
    .set({
      hook_at: now,
      due_at: sql`least(due_at, greatest(${now}::timestamptz, coalesce(scanned_at, ${notBefore}::timestamptz) + interval '2 seconds'))`,
    })
    .where('id', '=', id)
    .where('state', '<>', 'disabled')
    .where((w) => w.or([w('hook_at', 'is', null), w(sql`coalesce(hook_at <= scanned_at, true)`, '=', true)]))
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** What the turn found of the connection itself. False when the claim was lost. */
export async function updateState(
  tx: Tx,
  claim: Claim,
  found: { state: RegistryState; because: string; server: { version: string } | null; now: Date },
): Promise<boolean> {
  const { state, because, server, now } = found
  const result = await tx
    .updateTable('registry')
    .set({ state, because, checked_at: now, ...(server ? { server: json(server) } : {}) })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function updateTimes(
  tx: Tx,
  claim: Claim,
  times: { scannedAt?: Date; syncedAt?: Date; checkedAt?: Date },
): Promise<void> {
  const { scannedAt, syncedAt, checkedAt } = times
  await tx
    .updateTable('registry')
    .set({
      ...(scannedAt ? { scanned_at: scannedAt } : {}),
      ...(syncedAt ? { synced_at: syncedAt } : {}),
      ...(checkedAt ? { checked_at: checkedAt } : {}),
    })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .execute()
}

export type RegistryCounts = { models: number; chosen: number; versions: number; imported: number; failed: number }

/** How much of each registry was seen and is here. */
export async function selectCounts(db: Reader, ids: readonly string[]): Promise<Map<string, RegistryCounts>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('registry_model as m')
    .leftJoin('registry_version as v', (join) =>
      join.onRef('v.registry_id', '=', 'm.registry_id').onRef('v.name', '=', 'm.name').on('v.gone_at', 'is', null),
    )
    .select([
      'm.registry_id as id',
      sql<bigint>`count(distinct m.name)`.as('models'),
      sql<bigint>`count(distinct m.name) filter (where m.chosen_by is not null)`.as('chosen'),
      sql<bigint>`count(v.version) filter (where m.chosen_by is not null)`.as('versions'),
      sql<bigint>`count(v.version_id)`.as('imported'),
      sql<bigint>`count(v.version) filter (where v.version_id is null and v.because is not null)`.as('failed'),
    ])
    .where('m.registry_id', 'in', [...ids])
    .where('m.gone_at', 'is', null)
    .groupBy('m.registry_id')
    .execute()
  return new Map(
    rows.map(({ id, ...counts }) => [
      id,
      Object.fromEntries(Object.entries(counts).map(([key, n]) => [key, Number(n)])) as RegistryCounts,
    ]),
  )
}
