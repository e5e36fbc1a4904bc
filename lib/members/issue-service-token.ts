import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { canAccount, ServiceTokenInput } from './model-service-accounts.ts'
import { lockServiceAccount } from './queries-service-accounts.ts'
import { signToken } from './sign-token.ts'

/**
 * Issues a bearer token for a service account, for an hour unless said otherwise and thirty days at most. Its text is
 * returned once and kept nowhere. @throws `conflict` when the account was disabled
 */
export async function issueServiceToken(
  ctx: Ctx,
  input: ServiceTokenInput,
): Promise<{ id: string; token: string; expiresAt: Date }> {
  const { accountId, lifetimeSeconds } = parseInput(ServiceTokenInput, input)
  const { idempotency: _idempotency, ...bare } = ctx
  let token = ''
  const issued = await mutate(
    bare,
    {
      action: 'service-account:issue-token',
      load: async (tx) => {
        const subject = await lockServiceAccount(tx, accountId)
        const resource = { kind: 'service-account', id: accountId, workspaceId: subject?.workspace_id ?? '' }
        return subject && { subject, resource, name: subject.name }
      },
    },
    async (tx, account) => {
      const may = canAccount.issueToken({ disabledAt: account.disabled_at })
      if (!may.allowed) throw problem('conflict', `The account ${account.name} gets no token: ${may.because}.`)
      const holder = { issuer: account.issuer, subject: account.subject, identityId: account.identity_id }
      const made = await signToken(tx, ctx, { holder, lifetimeSeconds, issuedBy: ctx.actorId, authTime: null })
      token = made.token
      const { id, expiresAt, keyId } = made
      return {
        value: { id, expiresAt },
        audit: { after: { tokenId: id, expiresAt, keyId }, because: `asked for, for ${lifetimeSeconds} s` },
      }
    },
  )
  return { ...issued, token }
}
