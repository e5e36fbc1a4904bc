import { createHash, randomBytes } from 'node:crypto'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { IngestKeyInput } from './model.ts'
import { insertIngestKey } from './queries.ts'

/**
 * Makes a key that may send telemetry of those kinds, for one endpoint or for all of the workspace. The secret is
 * returned once and kept only as its SHA-256; 256 random bits need no slow hash.
 */
export async function createIngestKey(
  ctx: Ctx,
  input: IngestKeyInput,
): Promise<{ id: string; secret: string; hint: string }> {
  const { endpointId, kinds } = parseInput(IngestKeyInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  // The secret is made outside the transaction's value that an idempotency key would store.
  const secret = `qdi_${randomBytes(32).toString('base64url')}`
  const { id, hint } = await mutate(
    ctx,
    { action: 'ingest-key:create', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const key = { id: newId('ingestKey', now), hint: `${secret.slice(0, 8)}…` }
      const { workspaceId, actorId: createdBy } = ctx
      const secretDigest = digestOfSecret(secret)
      if (!(await insertIngestKey(tx, { ...key, workspaceId, endpointId, kinds, secretDigest, createdBy, now })))
        throw new Error('two random secrets of 256 bits were the same')
      return {
        value: key,
        audit: { resource: { kind: 'ingest-key', id: key.id }, after: { endpointId, kinds }, because: 'asked for' },
      }
    },
  )
  return { id, secret, hint }
}

/** What a secret is looked up by. */
export function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
