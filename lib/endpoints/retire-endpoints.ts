import { stopServing } from '#lib/models/stop-serving.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { lockEndpointsOf, updateIntent } from './queries.ts'

/**
 * Intends that nothing serves at any endpoint of a workspace, in the transaction of the verb that removes it: the reconciler
 * takes their traffic and servers away and reads that back. Rollouts there must have ended before. Returns their names.
 */
export async function retireEndpoints(
  tx: Tx,
  workspaceId: string,
  { because, now }: { because: string; now: Date },
): Promise<string[]> {
  const endpoints = await lockEndpointsOf(tx, workspaceId)
  for (const { id } of endpoints) {
    const nothing = { stableVersionId: null, candidateVersionId: null, weights: [], state: 'empty' as const, because }
    await updateIntent(tx, id, nothing, now)
    await stopServing(tx, id, now)
  }
  return endpoints.map(({ name }) => name)
}
