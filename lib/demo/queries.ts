import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import { DemoState } from './model.ts'

export type DemoRow = { workspaceId: string; state: DemoState; updatedAt: Date }

export async function selectDemo(db: Reader, workspaceId: string): Promise<DemoRow | undefined> {
  const row = await db.selectFrom('demo_state').selectAll().where('workspace_id', '=', workspaceId).executeTakeFirst()
  return row && { workspaceId, state: DemoState.parse(row.state), updatedAt: row.updated_at }
}

export async function lockDemo(tx: Tx, workspaceId: string): Promise<DemoRow | undefined> {
  await tx.selectFrom('demo_state').select('workspace_id').where('workspace_id', '=', workspaceId).forUpdate().execute()
  return selectDemo(tx, workspaceId)
}

/** Makes the row when it is not there yet. */
export async function insertDemo(tx: Tx, workspaceId: string, now: Date): Promise<void> {
  await tx
    .insertInto('demo_state')
    .values({ workspace_id: workspaceId, state: json(DemoState.parse({})), updated_at: now })
    .onConflict((c) => c.doNothing())
    .execute()
}

/** Writes these keys and leaves the others: the replay, the story and people do not overwrite each other. */
export async function mergeDemo(tx: Tx, workspaceId: string, patch: Partial<DemoState>, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('demo_state')
    .set({ state: sql`state || ${JSON.stringify(patch)}::jsonb`, updated_at: now })
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
