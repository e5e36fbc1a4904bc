import type { Tx } from '#lib/platform/db/schema.ts'
import { personaIssuer } from '#lib/platform/actor.ts'
import { revokeBindingsOfIssuer } from './queries.ts'

/**
 * Takes every local persona's roles in a workspace away, in the verb that removes it: nobody may act there any more, and it
 * leaves their list of workspaces. Returns how many roles there were.
 */
export function revokePersonaBindings(tx: Tx, workspaceId: string, now: Date): Promise<number> {
  return revokeBindingsOfIssuer(tx, workspaceId, personaIssuer, now)
}
