import type { Tx } from '#lib/platform/db/schema.ts'
import { insertServing } from './queries.ts'

/**
 * Records that a version serves at an endpoint from now on, in the transaction of whoever read that back from the data
 * plane. Not a verb of its own: the promotion, rollback or deployment that it belongs to carries the audit entry.
 */
export async function serveVersion(
  tx: Tx,
  served: {
    workspaceId: string
    modelId: string
    versionId: string
    environmentId: string
    endpointId: string
    now: Date
  },
): Promise<void> {
  await insertServing(tx, served)
}
