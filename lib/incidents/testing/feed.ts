import { sql } from 'kysely'
import type { Action } from '#lib/access/actions.ts'
import { mutate } from '#lib/mutate.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { TestSystem, TestWorkspace } from '../../../tests/support/system.ts'
import { reconcileIncidents } from '../reconcile.ts'

export type TestEntry = {
  action: Action
  kind: string
  id: string
  name?: string
  outcome?: 'done' | 'found'
  after: object
  because?: string
  drill?: string
}

/** Writes an audit entry as the worker, through the one door; `during` runs inside its transaction. */
export function tell(ws: TestWorkspace, entry: TestEntry, during?: (tx: Tx) => Promise<void>): Promise<void> {
  const { action, kind, id, name = id, outcome = 'done', after, because = `${action} of ${id}`, drill } = entry
  const resource = { kind, id, workspaceId: ws.id }
  return mutate(ws.worker, { action, load: () => Promise.resolve({ subject: null, resource, name }) }, async (tx) => {
    await during?.(tx)
    return { value: undefined, audit: { outcome, after, because, drill } }
  })
}

/** Runs turns until the cursor has passed every entry that is committed. Other databases of the server may delay that. */
export async function settle(t: TestSystem): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    await reconcileIncidents(t.system)
    if ((await countUnread(t)) === 0) return
  }
  throw new Error('the feed was not followed to its end')
}

/** Puts the cursor back to the start, as if it had been lost. */
export async function loseCursor(t: TestSystem): Promise<void> {
  await housekeep(t.system, 'feed-cursor', (tx) => tx.deleteFrom('feed_cursor').execute())
}

export async function countEntries(t: TestSystem, ws: TestWorkspace, kind: string): Promise<number> {
  const rows = await t.system.db
    .selectFrom('audit_entry')
    .select('id')
    .where('workspace_id', '=', ws.id)
    .where('kind', '=', kind)
    .execute()
  return rows.length
}

async function countUnread(t: TestSystem): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from audit_entry e
    where (e.epoch, e.xid, e.id) > (select epoch, xid, entry_id from feed_cursor where consumer = 'incidents')`.execute(
    t.system.db,
  )
  return rows[0]?.n ?? 0
}
