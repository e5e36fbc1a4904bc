import type { Tx } from '#lib/platform/db/schema.ts'
import { nextTrafficFence } from './queries.ts'

/**
 * Takes the endpoint's next outside fencing number, in the transaction that claims the work. Endpoints and rollouts both
 * write to the same traffic object, so there is one sequence of numbers for it and whoever claimed last holds the highest.
 */
export async function takeTrafficFence(tx: Tx, endpointId: string): Promise<number> {
  return nextTrafficFence(tx, endpointId)
}
