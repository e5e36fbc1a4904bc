import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { TokenInput } from './model.ts'
import { signToken } from './sign-token.ts'

/** Issues a bearer token of our own issuer for the caller, for an hour unless said otherwise and a day at most. */
export async function issueToken(ctx: Ctx, input: TokenInput): Promise<{ id: string; token: string; expiresAt: Date }> {
  const { lifetimeSeconds } = parseInput(TokenInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  const { idempotency: _idempotency, ...bare } = ctx
  // A stored answer would keep the token's text: an issue is never answered from an idempotency key.
  let token = ''
  const issued = await mutate(
    bare,
    { action: 'token:issue', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const { issuer, subject, authTime = null } = ctx.actor
      const holder = { issuer, subject, identityId: ctx.actorId }
      const made = await signToken(tx, ctx, { holder, lifetimeSeconds, issuedBy: ctx.actorId, authTime })
      token = made.token
      const { id, expiresAt, keyId } = made
      return {
        value: { id, expiresAt },
        audit: {
          resource: { kind: 'token', id },
          after: { expiresAt, keyId },
          because: `asked for, for ${lifetimeSeconds} s`,
        },
      }
    },
  )
  return { ...issued, token }
}
