import { accessDecision } from '#lib/access/authorize.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RevokeDelegationInput } from './model-roles.ts'
import { lockDelegation, markDelegationRevoked } from './queries-delegations.ts'

/**
 * Ends a delegation at once. Votes that were cast under it are judged anew wherever they are counted.
 * @throws `forbidden` for anybody but its delegator, its delegate and admins, `conflict` when it has ended already
 */
export async function revokeDelegation(ctx: Ctx, input: RevokeDelegationInput): Promise<{ delegationId: string }> {
  const { delegationId, reason } = parseInput(RevokeDelegationInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    {
      action: 'delegation:revoke',
      load: async (tx) => {
        const subject = await lockDelegation(tx, delegationId)
        if (!subject) return undefined
        const { workspaceId, environment, label } = subject
        const scope = { ...(environment === null ? {} : { environment }), labels: label === null ? [] : [label] }
        return { subject, resource: { kind: 'delegation', id: delegationId, workspaceId, ...scope } }
      },
    },
    async (tx, found) => {
      const now = ctx.clock.now()
      const concerned = ctx.actorId === found.delegatorId || ctx.actorId === found.delegateId
      if (!concerned && !(await accessDecision(ctx, tx, 'member:unbind', here)).allowed)
        throw problem('forbidden', 'Only those whom it concerns and admins end a delegation.')
      if (found.endsAt <= now) throw problem('conflict', 'This delegation has ended.', { endsAt: found.endsAt })
      if (!(await markDelegationRevoked(tx, delegationId, ctx.actorId, now)))
        throw problem('conflict', 'This delegation was revoked already.', { revokedAt: found.revokedAt })
      const { delegatorId, delegateId, role, environment, label, endsAt } = found
      const before = { delegatorId, delegateId, role, environment, label, endsAt }
      return { value: { delegationId }, audit: { before, because: reason } }
    },
  )
}
