'use server'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import { withdrawApproval } from '#lib/approvals/withdraw-approval.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Casts the caller's vote on the revision that their page showed. A newer revision refuses it. */
export async function voteAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const decision = field(form, 'decision') === 'approve' ? 'approve' : 'reject'
    const { because, state } = await castVote(ctx, {
      approvalId: field(form, 'approvalId'),
      decision,
      reason: field(form, 'reason'),
      revisionDigest: field(form, 'revisionDigest'),
    })
    return `Your vote is recorded. The request is ${state}: ${because}`
  })
}

/** Takes an open request back. */
export async function withdrawAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await withdrawApproval(ctx, { approvalId: field(form, 'approvalId'), reason: field(form, 'reason') })
    return 'The request is withdrawn. No vote on it counts any more.'
  })
}

/** Takes an approval back. */
export async function revokeAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await revokeApproval(ctx, { approvalId: field(form, 'approvalId'), reason: field(form, 'reason') })
    return 'The approval is revoked. Nothing new may serve under it; what serves goes on until it is rolled back.'
  })
}
