import type { Tx } from '#lib/platform/db/schema.ts'
import { failActive } from './queries-abandon.ts'

/**
 * Ends the rollouts of a workspace where they stand, in the transaction of the verb that takes everything there out of
 * service. Nothing is moved back: there will be nothing to move. Returns their ids.
 */
export function abandonRollouts(tx: Tx, workspaceId: string, now: Date): Promise<string[]> {
  return failActive(tx, workspaceId, now)
}
