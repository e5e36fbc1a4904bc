import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { canAccount, DisableServiceAccountInput } from './model-service-accounts.ts'
import { lockServiceAccount, markServiceAccountDisabled, revokeBindingsOf } from './queries-service-accounts.ts'
import { revokeTokensOf } from './queries-sessions.ts'

/** Ends an account for good: its tokens are refused at once, its roles here are taken away. @throws `conflict` when it was */
export async function disableServiceAccount(
  ctx: Ctx,
  input: DisableServiceAccountInput,
): Promise<{ accountId: string; tokens: number; roles: number }> {
  const { accountId, reason } = parseInput(DisableServiceAccountInput, input)
  return mutate(
    ctx,
    {
      action: 'service-account:disable',
      load: async (tx) => {
        const subject = await lockServiceAccount(tx, accountId)
        const resource = { kind: 'service-account', id: accountId, workspaceId: subject?.workspace_id ?? '' }
        return subject && { subject, resource, name: subject.name }
      },
    },
    async (tx, account) => {
      const now = ctx.clock.now()
      const may = canAccount.disable({ disabledAt: account.disabled_at })
      if (!may.allowed) throw problem('conflict', `The account ${account.name} cannot be disabled: ${may.because}.`)
      if (!(await markServiceAccountDisabled(tx, accountId, ctx.actorId, now)))
        throw problem('conflict', `The account ${account.name} was disabled meanwhile.`)
      const tokens = await revokeTokensOf(tx, account.identity_id, now)
      const roles = await revokeBindingsOf(tx, ctx.workspaceId, account.identity_id, now)
      return { value: { accountId, tokens, roles }, audit: { after: { tokens, roles }, because: reason } }
    },
  )
}
