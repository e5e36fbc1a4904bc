import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { defaultPreference, type NotificationKind } from './model.ts'

export type PreferenceRow = {
  inboxKinds: readonly string[]
  email: string | null
  emailKinds: readonly string[]
  timing: 'at-once' | 'hourly' | 'daily'
  timeZone: string
  digestHour: number
  mutedUntil: Date | null
}

export type ChannelRow = {
  id: string
  workspaceId: string
  kind: 'email' | 'webhook'
  name: string
  config: unknown
  sealedSecret: string | null
  kinds: string[]
  createdAt: Date
  removedAt: Date | null
}

export type NewNotification = {
  id: string
  workspaceId: string
  identityId: string
  kind: NotificationKind
  title: string
  text: string
  resource: { kind: string; id: string }
  inInbox: boolean
  at: Date
  now: Date
  dedupe: string
}

const channelColumns = [
  'id',
  'workspace_id as workspaceId',
  'kind',
  'name',
  'config',
  'sealed_secret as sealedSecret',
  'kinds',
  'created_at as createdAt',
  'removed_at as removedAt',
] as const

export function selectChannels(db: Reader, workspaceId: string): Promise<ChannelRow[]> {
  return db
    .selectFrom('notification_channel')
    .select(channelColumns)
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .limit(100)
    .execute()
}

export function selectChannel(db: Reader, id: string): Promise<ChannelRow | undefined> {
  return db.selectFrom('notification_channel').select(channelColumns).where('id', '=', id).executeTakeFirst()
}

export function lockChannel(tx: Tx, id: string): Promise<ChannelRow | undefined> {
  return tx
    .selectFrom('notification_channel')
    .select(channelColumns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** False when the workspace has a mail server already. */
export async function insertChannel(
  tx: Tx,
  row: Omit<ChannelRow, 'removedAt'> & { createdBy: string },
): Promise<boolean> {
  const result = await tx
    .insertInto('notification_channel')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      kind: row.kind,
      name: row.name,
      config: json(row.config),
      sealed_secret: row.sealedSecret,
      kinds: row.kinds,
      created_at: row.createdAt,
      created_by: row.createdBy,
      removed_at: null,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Its secret goes with it. */
export async function removeChannelRow(tx: Tx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notification_channel')
    .set({ removed_at: now, sealed_secret: null })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

const preferenceColumns = [
  'inbox_kinds as inboxKinds',
  'email',
  'email_kinds as emailKinds',
  'timing',
  'time_zone as timeZone',
  'digest_hour as digestHour',
  'muted_until as mutedUntil',
] as const

/** What somebody chose, or what holds for who chose nothing. */
export async function selectPreference(db: Reader, workspaceId: string, identityId: string): Promise<PreferenceRow> {
  const row = await db
    .selectFrom('notification_preference')
    .select(preferenceColumns)
    .where('workspace_id', '=', workspaceId)
    .where('identity_id', '=', identityId)
    .executeTakeFirst()
  return row ?? defaultPreference
}

export async function upsertPreference(
  tx: Tx,
  row: PreferenceRow & { workspaceId: string; identityId: string; now: Date },
): Promise<void> {
  const values = {
    inbox_kinds: [...row.inboxKinds],
    email: row.email,
    email_kinds: [...row.emailKinds],
    timing: row.timing,
    time_zone: row.timeZone,
    digest_hour: row.digestHour,
    muted_until: row.mutedUntil,
    updated_at: row.now,
  }
  await tx
    .insertInto('notification_preference')
    .values({ workspace_id: row.workspaceId, identity_id: row.identityId, ...values })
    .onConflict((c) => c.columns(['workspace_id', 'identity_id']).doUpdateSet(values))
    .execute()
}

/** False when the same was told to the same person before: then nothing more is done about it. */
export async function insertNotification(tx: Tx, row: NewNotification): Promise<boolean> {
  const result = await tx
    .insertInto('notification')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      identity_id: row.identityId,
      kind: row.kind,
      title: row.title,
      text: row.text,
      resource_kind: row.resource.kind,
      resource_id: row.resource.id,
      in_inbox: row.inInbox,
      at: row.at,
      created_at: row.now,
      read_at: null,
      dedupe: row.dedupe,
    })
    .onConflict((c) => c.column('dedupe').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

const notificationColumns = [
  'id',
  'kind',
  'title',
  'text',
  'resource_kind as resourceKind',
  'resource_id as resourceId',
  'at',
  'read_at as readAt',
] as const

export function selectInbox(
  db: Reader,
  of: { workspaceId: string; identityId: string; before: string | undefined; limit: number; unread: boolean },
) {
  let query = db
    .selectFrom('notification')
    .select(notificationColumns)
    .where('workspace_id', '=', of.workspaceId)
    .where('identity_id', '=', of.identityId)
    .where('in_inbox', '=', true)
  if (of.unread) query = query.where('read_at', 'is', null)
  if (of.before) query = query.where('id', '<', of.before)
  return query.orderBy('id', 'desc').limit(of.limit).execute()
}

/** At most 100: more is "many" to who looks at a bell. */
export async function countUnreadRows(db: Reader, workspaceId: string, identityId: string): Promise<number> {
  const rows = await db
    .selectFrom('notification')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('identity_id', '=', identityId)
    .where('in_inbox', '=', true)
    .where('read_at', 'is', null)
    .limit(100)
    .execute()
  return rows.length
}

/** Marks one's own as read or unread: those named, or all up to one id. Returns how many changed. */
export async function updateRead(
  tx: Tx,
  of: { workspaceId: string; identityId: string; ids: readonly string[] | 'all'; upTo?: string; readAt: Date | null },
): Promise<number> {
  let query = tx
    .updateTable('notification')
    .set({ read_at: of.readAt })
    .where('workspace_id', '=', of.workspaceId)
    .where('identity_id', '=', of.identityId)
    .where('in_inbox', '=', true)
    .where('read_at', of.readAt === null ? 'is not' : 'is', null)
  if (of.ids !== 'all') query = query.where('id', 'in', [...of.ids])
  if (of.upTo !== undefined) query = query.where('id', '<=', of.upTo)
  return Number((await query.executeTakeFirst()).numUpdatedRows)
}

export async function insertReminder(
  tx: Tx,
  row: { workspaceId: string; approvalId: string; expiresAt: Date; dueAt: Date },
): Promise<void> {
  await tx
    .insertInto('notification_reminder')
    .values({
      dedupe: `${row.approvalId}:${row.expiresAt.toISOString()}`,
      workspace_id: row.workspaceId,
      approval_id: row.approvalId,
      expires_at: row.expiresAt,
      due_at: row.dueAt,
      done_at: null,
    })
    .onConflict((c) => c.doNothing())
    .execute()
}

export function selectDueReminders(db: Reader, now: Date, limit: number) {
  return db
    .selectFrom('notification_reminder')
    .select(['dedupe', 'workspace_id as workspaceId', 'approval_id as approvalId', 'expires_at as expiresAt'])
    .where('done_at', 'is', null)
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .limit(limit)
    .execute()
}

/** False when another worker was first. */
export async function endReminder(tx: Tx, dedupe: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notification_reminder')
    .set({ done_at: now })
    .where('dedupe', '=', dedupe)
    .where('done_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
