'use server'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import { reviewBreakGlass } from '#lib/approvals/review-break-glass.ts'
import { useBreakGlass } from '#lib/approvals/use-break-glass.ts'
import { withdrawApproval } from '#lib/approvals/withdraw-approval.ts'
import { addEvidence } from '#lib/models/add-evidence.ts'
import { addableKinds } from '#lib/models/evidence.ts'
import { withdrawEvidence } from '#lib/models/withdraw-evidence.ts'
import { problem } from '#lib/platform/errors.ts'
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

/** Lets a version serve without approval, in an emergency. */
export async function breakGlassAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const incidentId = field(form, 'incidentId')
    const { expiresAt, reviewDueAt } = await useBreakGlass(ctx, {
      versionId: field(form, 'versionId'),
      environmentId: field(form, 'environmentId'),
      reason: field(form, 'reason'),
      ...(incidentId === '' ? {} : { incidentId }),
    })
    return `It may serve until ${expiresAt.toISOString()}: deploy it or roll it out. Somebody else must review this by ${reviewDueAt.toISOString()}.`
  })
}

/** Accepts a use of break-glass, or objects to it. */
export async function reviewGlassAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const { verdict } = await reviewBreakGlass(ctx, {
      breakGlassId: field(form, 'breakGlassId'),
      verdict: field(form, 'verdict') === 'accepted' ? 'accepted' : 'objected',
      reason: field(form, 'reason'),
    })
    return verdict === 'accepted'
      ? 'Your review is recorded: the use is accepted. The version still needs its approval.'
      : 'Your objection is recorded. Nothing new may serve under it.'
  })
}

/** Adds a piece of evidence to a version. */
export async function addEvidenceAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const measuredAt = field(form, 'measuredAt').trim()
    const kind = addableKinds.find((each) => each === field(form, 'kind'))
    if (!kind) throw problem('invalid', 'kind: is none of the kinds of evidence')
    const { digest } = await addEvidence(ctx, {
      versionId: field(form, 'versionId'),
      kind,
      content: objectOf(field(form, 'content')),
      source: { kind: 'file', id: 'console' },
      ...(measuredAt === '' ? {} : { measuredAt }),
    })
    return `The evidence is on record as ${digest}. An open request for the version becomes a new revision.`
  })
}

/** Takes a piece of evidence back. */
export async function withdrawEvidenceAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await withdrawEvidence(ctx, { evidenceId: field(form, 'evidenceId'), reason: field(form, 'reason') })
    return 'It counts no longer. An open request for the version becomes a new revision.'
  })
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw problem('invalid', `content: is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw problem('invalid', 'content: must be a JSON object, such as {"metrics": {"auc": 0.9}}')
  return { ...value }
}
