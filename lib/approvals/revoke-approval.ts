import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadApproval } from './cast-vote.ts'
import { can, EndApprovalInput } from './model.ts'
import { moveApproval } from './queries.ts'

/** Revokes an approval: from now on the version may not start serving there. What serves already goes on until somebody or a policy decides otherwise. */
export async function revokeApproval(
  ctx: Ctx,
  input: EndApprovalInput,
): Promise<{ approvalId: string; state: 'revoked' }> {
  const { approvalId, reason } = parseInput(EndApprovalInput, input)
  return mutate(
    ctx,
    { action: 'approval:revoke', load: (tx) => loadApproval(tx, approvalId) },
    async (tx, approval) => {
      const may = can.revoke(approval)
      const moved =
        may.allowed &&
        (await moveApproval(tx, approvalId, { from: 'approved', to: 'revoked', because: reason, now: ctx.clock.now() }))
      if (!moved)
        throw problem('conflict', may.allowed ? 'The request has moved meanwhile.' : `Not possible: ${may.because}.`, {
          state: approval.state,
        })
      const audit = { before: { state: approval.state }, after: { state: 'revoked' }, because: reason }
      return { value: { approvalId, state: 'revoked' as const }, audit, wake: ['rollouts', 'endpoints'] as const }
    },
  )
}
