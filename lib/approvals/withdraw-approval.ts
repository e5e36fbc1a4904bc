import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadApproval } from './cast-vote.ts'
import { can, EndApprovalInput } from './model.ts'
import { moveApproval, type ApprovalRow } from './queries.ts'

/** Takes an open request back: whoever asked or an admin may do it, and nobody's vote on it counts any more. */
export async function withdrawApproval(
  ctx: Ctx,
  input: EndApprovalInput,
): Promise<{ approvalId: string; state: 'withdrawn' }> {
  const { approvalId, reason } = parseInput(EndApprovalInput, input)
  return mutate(
    ctx,
    { action: 'approval:withdraw', load: (tx) => loadApproval(tx, approvalId) },
    async (tx, approval) => {
      const now = ctx.clock.now()
      if (approval.requestedById !== ctx.actorId && !(await isAdmin(tx, ctx, approval, now)))
        throw problem('forbidden', 'Only whoever asked for it, or an admin, may withdraw a request.', {
          requestedBy: approval.requestedByName,
        })
      const may = can.withdraw(approval)
      const moved =
        may.allowed && (await moveApproval(tx, approvalId, { from: 'open', to: 'withdrawn', because: reason, now }))
      if (!moved)
        throw problem('conflict', may.allowed ? 'The request has moved meanwhile.' : `Not possible: ${may.because}.`, {
          state: approval.state,
        })
      const audit = { before: { state: approval.state }, after: { state: 'withdrawn' }, because: reason }
      return { value: { approvalId, state: 'withdrawn' as const }, audit }
    },
  )
}

async function isAdmin(tx: Tx, ctx: Ctx, approval: ApprovalRow, now: Date): Promise<boolean> {
  const { environment, labels } = approval
  const of = { workspaceId: ctx.workspaceId, identityIds: [ctx.actorId], environment, labels, now, lock: true }
  return (await selectEffectiveRoles(tx, of)).some((held) => held.role === 'admin')
}
