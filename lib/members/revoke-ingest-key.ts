import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RevokeIngestKeyInput } from './model.ts'
import { markRevoked } from './queries-bindings.ts'
import { lockIngestKey } from './queries-credentials.ts'

/** Revokes an ingest key of this workspace: what is sent with it from now on is refused. */
export async function revokeIngestKey(ctx: Ctx, input: RevokeIngestKeyInput): Promise<{ keyId: string }> {
  const { keyId, reason } = parseInput(RevokeIngestKeyInput, input)
  return mutate(
    ctx,
    {
      action: 'ingest-key:revoke',
      load: async (tx) => {
        const subject = await lockIngestKey(tx, keyId)
        if (!subject) return undefined
        const resource = { kind: 'ingest-key', id: keyId, workspaceId: subject.workspace_id }
        return { subject, resource, name: subject.hint }
      },
    },
    async (tx, key) => {
      if (!(await markRevoked(tx, 'ingest_key', keyId, ctx.clock.now())))
        throw problem('conflict', 'This ingest key was revoked already.', { revokedAt: key.revoked_at })
      return {
        value: { keyId },
        audit: { before: { endpointId: key.endpoint_id, kinds: key.kinds }, because: reason },
      }
    },
  )
}
