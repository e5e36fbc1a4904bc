import { sql } from 'kysely'
import type { Tx } from '#lib/platform/db/schema.ts'

/** Ends every rollout of a workspace that has not ended, and takes it from the worker that holds it. */
export async function failActive(tx: Tx, workspaceId: string, now: Date): Promise<string[]> {
  const rows = await tx
    .updateTable('rollout')
    .set({
      state: 'failed',
      ended_at: now,
      held_because: null,
      fence: sql<bigint>`fence + 1`,
      lease_until: null,
      lease_holder: null,
    })
    .where('workspace_id', '=', workspaceId)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}
