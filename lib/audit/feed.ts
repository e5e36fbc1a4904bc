import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { readContent, type EntryContent } from './content.ts'

/** Where a consumer stands in the feed: after this entry. */
export type FeedCursor = { epoch: number; xid: string; entryId: string }

export type FeedEntry = {
  cursor: FeedCursor
  id: string
  time: Date
  kind: string
  workspaceId: string | null
  resourceKind: string
  resourceId: string
  outcome: 'done' | 'denied' | 'found'
  /** Undefined once it was erased. */
  content: EntryContent | undefined
}

export const feedStart: FeedCursor = { epoch: 0, xid: '0', entryId: '' }

/**
 * The next committed entries after the cursor, in (epoch, transaction, id) order. Only transactions below the snapshot's
 * xmin are shown: everything below it has ended, so nothing can appear later in a place that was passed already. It does
 * not need the sequencer, so what listens here goes on while the log is behind. Entries of an older epoch (before a
 * restore into another cluster) have all ended.
 */
export async function readFeed(
  db: Reader,
  after: FeedCursor,
  limit: number,
  kinds?: readonly string[],
): Promise<FeedEntry[]> {
  let query = db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select([
      'e.id',
      'e.epoch',
      'e.xid',
      'e.time',
      'e.kind',
      'e.workspace_id',
      'e.resource_kind',
      'e.resource_id',
      'e.outcome',
      'd.content',
      'd.person',
    ])
    .where(sql<boolean>`(e.epoch, e.xid, e.id) > (${after.epoch}, ${after.xid}::xid8, ${after.entryId})`)
    .where(
      sql<boolean>`(e.epoch < (select max(epoch) from audit_epoch) or e.xid < pg_snapshot_xmin(pg_current_snapshot()))`,
    )
  if (kinds) query = query.where('e.kind', 'in', [...kinds])
  const rows = await query.orderBy('e.epoch').orderBy('e.xid').orderBy('e.id').limit(limit).execute()
  return rows.map((r) => ({
    cursor: { epoch: r.epoch, xid: r.xid, entryId: r.id },
    id: r.id,
    time: r.time,
    kind: r.kind,
    workspaceId: r.workspace_id,
    resourceKind: r.resource_kind,
    resourceId: r.resource_id,
    outcome: r.outcome,
    content: readContent(r.content, r.person) ?? undefined,
  }))
}

/** Where a consumer stands; undefined before its first turn. */
export function selectCursor(db: Reader, consumer: string): Promise<FeedCursor | undefined> {
  return db
    .selectFrom('feed_cursor')
    .select(['epoch', 'xid', 'entry_id as entryId'])
    .where('consumer', '=', consumer)
    .executeTakeFirst()
}

/** A consumer's cursor, locked: two workers that follow the same feed take turns. */
export async function lockCursor(tx: Tx, consumer: string, now: Date): Promise<FeedCursor> {
  await tx
    .insertInto('feed_cursor')
    .values({ consumer, epoch: feedStart.epoch, xid: feedStart.xid, entry_id: feedStart.entryId, updated_at: now })
    .onConflict((c) => c.doNothing())
    .execute()
  const row = await tx
    .selectFrom('feed_cursor')
    .selectAll()
    .where('consumer', '=', consumer)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return { epoch: row.epoch, xid: row.xid, entryId: row.entry_id }
}

/** Moves the cursor in the transaction that did what the entries asked for: exactly once, whatever crashes. */
export async function saveCursor(tx: Tx, consumer: string, cursor: FeedCursor, now: Date): Promise<void> {
  await tx
    .updateTable('feed_cursor')
    .set({ epoch: cursor.epoch, xid: cursor.xid, entry_id: cursor.entryId, updated_at: now })
    .where('consumer', '=', consumer)
    .execute()
}
