import type { Tx } from '#lib/platform/db/schema.ts'
import { markIngestKeysRevoked } from './queries-credentials.ts'

/**
 * Revokes every ingest key of a workspace, in the verb that removes what they were made for: nothing may be sent there any
 * more. Returns the ids of those that were live.
 */
export function revokeIngestKeysOf(tx: Tx, workspaceId: string, now: Date): Promise<string[]> {
  return markIngestKeysRevoked(tx, workspaceId, now)
}
