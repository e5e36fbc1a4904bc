import { cache } from 'react'
import { listApprovals, readApproval, type ApprovalDetail } from '#lib/approvals/reads.ts'
import { readSinceRevision, type SinceRevision } from '#lib/approvals/reads-since.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { whetherAllowed } from '#lib/members/reads.ts'
import { refusalOf } from './may.ts'
import { reaches, type Member, type Scope } from './refusal.ts'
import type { Refusal } from '../_ui/permission-button.tsx'

/** Open requests that are looked at for one person: more than anybody has before them. */
const openMax = 30

/** The open requests on which the caller may vote now, oldest first; asked once a request. */
export const approvalsForMe = cache(async (ctx: Ctx): Promise<ApprovalDetail[]> => {
  if (!(await whetherAllowed(ctx, 'approval:read')).allowed) return []
  const { items } = await listApprovals(ctx, { state: 'open', limit: openMax })
  const details = await Promise.all(items.map((each) => readApproval(ctx, each.id)))
  const refusals = await Promise.all(details.map((each) => voteRefusal(ctx, each)))
  return details.filter((_, i) => refusals[i] === null).reverse()
})

/** A request as its inbox shows it: may the caller decide, by or against which rule, and what changed since it was last asked. */
export type InboxItem = {
  approval: ApprovalDetail
  refusal: Refusal | null
  /** What lets the caller vote, where they may. */
  by: string
  since: SinceRevision | null
}

/** Open requests for the inbox, newest first, whether or not the caller may decide on them. */
export async function openRequests(
  ctx: Ctx,
  cursor: string | undefined,
): Promise<{ items: InboxItem[]; nextCursor: string | null }> {
  const { items, nextCursor } = await listApprovals(ctx, { state: 'open', limit: openMax, cursor })
  const details = await Promise.all(items.map((each) => readApproval(ctx, each.id)))
  return { items: await inboxItems(ctx, details), nextCursor }
}

/** The same for requests that were read already. */
export function inboxItems(ctx: Ctx, details: readonly ApprovalDetail[]): Promise<InboxItem[]> {
  return Promise.all(
    details.map(async (approval) => {
      const [refusal, since, decision] = await Promise.all([
        voteRefusal(ctx, approval),
        readSinceRevision(ctx, approval.id),
        whetherAllowed(ctx, 'approval:vote', scopeOf(approval)),
      ])
      return { approval, refusal, by: decision.because, since }
    }),
  )
}

/** Why the caller may not vote on this request now, or null: roles, quorum, the request's state and separation of duties. */
export async function voteRefusal(ctx: Ctx, approval: ApprovalDetail): Promise<Refusal | null> {
  const scope = scopeOf(approval)
  return refusalOf(ctx, 'approval:vote', scope, approval.mine.vote)
}

export type Voter = { member: Member; mayNot: string | null }

/** Everyone whose role the quorum asks for there, and what stands against their vote. */
export function votersOf(
  members: readonly Member[],
  approval: Pick<ApprovalDetail, 'policy' | 'subject' | 'labels' | 'requestedBy' | 'votes'>,
  versionAuthorId: string | null,
): Voter[] {
  const scope = scopeOf(approval)
  const asked = askedRoles(approval.policy.quorum)
  const { separation } = approval.policy
  return members
    .filter((m) => asked.includes(m.role) && reaches(m, scope))
    .map((member) => {
      const { identityId: id } = member
      const vote = approval.votes.find((v) => v.voter.id === id)
      if (vote) return { member, mayNot: vote.decision === 'approve' ? 'has approved' : 'has rejected' }
      if (separation.includes('requester') && approval.requestedBy.id === id) return { member, mayNot: 'asked for it' }
      if (separation.includes('version-author') && versionAuthorId === id)
        return { member, mayNot: 'submitted the version' }
      return { member, mayNot: null }
    })
}

/** The environment and labels that roles are narrowed by, for this request. */
export function scopeOf(approval: Pick<ApprovalDetail, 'subject' | 'labels'>): Scope {
  return { environment: approval.subject.environment.name, labels: approval.labels }
}

function askedRoles(quorum: Readonly<Record<string, number>>): string[] {
  return Object.keys(quorum).filter((role) => (quorum[role] ?? 0) > 0)
}
