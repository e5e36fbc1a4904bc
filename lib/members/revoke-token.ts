import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RevokeTokenInput } from './model.ts'
import { markRevoked } from './queries-bindings.ts'
import { lockToken } from './queries-credentials.ts'

/**
 * Revokes a bearer token by its id (`jti`), at once: of somebody who has a role in this workspace. Of somebody who has none
 * any more it gives nothing here, and what it gives elsewhere is not for the admins here to end.
 */
export async function revokeToken(ctx: Ctx, input: RevokeTokenInput): Promise<{ tokenId: string }> {
  const { tokenId, reason } = parseInput(RevokeTokenInput, input)
  return mutate(
    ctx,
    {
      action: 'token:revoke',
      load: async (tx) => {
        const subject = await lockToken(tx, tokenId, ctx.workspaceId)
        return subject && { subject, resource: { kind: 'token', id: tokenId, workspaceId: ctx.workspaceId } }
      },
    },
    async (tx, token) => {
      if (!(await markRevoked(tx, 'api_token', tokenId, ctx.clock.now())))
        throw problem('conflict', 'This token was revoked already.', { revokedAt: token.revoked_at })
      return { value: { tokenId }, audit: { before: { identityId: token.identity_id }, because: reason } }
    },
  )
}
