import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { DemoState } from './model.ts'
import { insertDemo, selectDemo } from './queries.ts'

/** The state of a workspace's demonstration, made when it has none yet. */
export async function openDemo(system: System, workspaceId: string): Promise<DemoState> {
  await housekeep(system, 'demo', (tx) => insertDemo(tx, workspaceId, system.clock.now()))
  const row = await selectDemo(system.db, workspaceId)
  if (!row) throw new Error(`the demonstration of ${workspaceId} was not stored`)
  return row.state
}
