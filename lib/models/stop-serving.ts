import type { Tx } from '#lib/platform/db/schema.ts'
import { endServing } from './queries-serving.ts'

/** Records that nothing serves at an endpoint any more, in the transaction of the verb that retires it. */
export async function stopServing(tx: Tx, endpointId: string, now: Date): Promise<void> {
  await endServing(tx, endpointId, now)
}
