import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadApproval } from './cast-vote.ts'
import { can, EndApprovalInput } from './model.ts'
import { moveApproval } from './queries.ts'

/** Takes an open request back: whoever may ask may do it, and nobody's vote on it counts any more. */
export async function withdrawApproval(
  ctx: Ctx,
  input: EndApprovalInput,
): Promise<{ approvalId: string; state: 'withdrawn' }> {
  const { approvalId, reason } = parseInput(EndApprovalInput, input)
  return mutate(
    ctx,
    { action: 'approval:withdraw', load: (tx) => loadApproval(tx, approvalId) },
    async (tx, approval) => {
      const may = can.withdraw(approval)
      const moved =
        may.allowed &&
        (await moveApproval(tx, approvalId, { from: 'open', to: 'withdrawn', because: reason, now: ctx.clock.now() }))
      if (!moved)
        throw problem('conflict', may.allowed ? 'The request has moved meanwhile.' : `Not possible: ${may.because}.`, {
          state: approval.state,
        })
      const audit = { before: { state: approval.state }, after: { state: 'withdrawn' }, because: reason }
      return { value: { approvalId, state: 'withdrawn' as const }, audit }
    },
  )
}
