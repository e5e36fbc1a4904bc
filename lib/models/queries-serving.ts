import type { Tx } from '#lib/platform/db/schema.ts'

/** From now on nothing serves at that endpoint; the history stays. */
export async function endServing(tx: Tx, endpointId: string, now: Date): Promise<void> {
  await tx
    .updateTable('model_serving')
    .set({ until: now })
    .where('endpoint_id', '=', endpointId)
    .where('until', 'is', null)
    .execute()
}
