import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { digestOfSecret } from './create-ingest-key.ts'
import { selectIngestKey } from './queries.ts'

export type IngestGrant = { keyId: string; workspaceId: string; endpointId: string | null; kinds: readonly string[] }

/** Who sends this telemetry, and what it may send. @throws `unauthenticated` for a key that is unknown or revoked */
export async function verifyIngestKey(
  system: Pick<System, 'db'>,
  authorization: string | undefined,
): Promise<IngestGrant> {
  const secret = /^Bearer (qdi_[A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1]
  if (!secret) throw problem('unauthenticated', 'Send an ingest key: authorization: Bearer qdi_…')
  const row = await selectIngestKey(system.db, digestOfSecret(secret))
  if (!row)
    throw problem('unauthenticated', 'This ingest key is unknown or revoked. Make another in the workspace settings.')
  return { keyId: row.id, workspaceId: row.workspace_id, endpointId: row.endpoint_id, kinds: row.kinds }
}
