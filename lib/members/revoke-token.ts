import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'

/** Revokes a bearer token by its id (`jti`), at once. */
export async function revokeToken(ctx: Ctx, input: { tokenId: string; reason: string }): Promise<{ tokenId: string }> {
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    {
      action: 'token:revoke',
      load: async (tx) => {
        const subject = await tx
          .selectFrom('api_token')
          .selectAll()
          .where('id', '=', input.tokenId)
          .forUpdate()
          .executeTakeFirst()
        return subject && { subject, resource: { ...here, kind: 'token', id: subject.id } }
      },
    },
    async (tx, token) => {
      if (token.revoked_at !== null)
        throw problem('conflict', 'This token was revoked already.', { revokedAt: token.revoked_at })
      await tx.updateTable('api_token').set({ revoked_at: ctx.clock.now() }).where('id', '=', token.id).execute()
      return { value: { tokenId: token.id }, audit: { because: input.reason } }
    },
  )
}
