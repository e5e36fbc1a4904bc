import type { ErrorCode, ErrorDetails } from '#lib/platform/errors.ts'
import { checkEvidence } from './check-evidence.ts'
import {
  askedRoles,
  tally,
  usableGrants,
  type Conflicts,
  type CountedVote,
  type RevisionChange,
  type Tally,
} from './decide.ts'
import { can, isOverdue, type ApprovalState, type ApprovalSubject } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'
import type { Grant } from './quorum.ts'

/** A request as its decision depends on it. */
export type Decidable = {
  state: ApprovalState
  expiresAt: Date
  revision: number
  revisionDigest: string
  policyName: string
  policy: ApprovalPolicy
  subject: ApprovalSubject
}

/** A vote that somebody is about to cast. */
export type Ballot = {
  identityId: string
  person: string
  grants: readonly Grant[]
  decision: 'approve' | 'reject'
  /** Of the revision that they have read. */
  revisionDigest: string
  conflicts: Conflicts
  votes: readonly CountedVote[]
  /** What has changed since the revision was submitted. */
  changed: readonly RevisionChange[]
}

export type VoteDecision =
  | { kind: 'cast'; role: string }
  | { kind: 'refused'; code: ErrorCode; because: string; details: ErrorDetails }

/** May this vote be cast now, and by which role? Pure; the verb holds the locks on what it is given. */
export function decideVote(request: Decidable, ballot: Ballot, now: Date): VoteDecision {
  const { revision, revisionDigest } = request
  if (revisionDigest !== ballot.revisionDigest)
    return refuse('stale-revision', 'The request has changed since you read it. Read it again before you decide.', {
      revisionDigest,
    })
  const may = can.vote(request)
  if (!may.allowed) return refuse('conflict', `No vote: ${may.because}.`, { state: request.state })
  if (isOverdue(request, now))
    return refuse('conflict', 'The request has run out. Ask for approval again.', { expiresAt: request.expiresAt })
  if (ballot.changed.length > 0)
    return refuse(
      'stale-revision',
      `The ${ballot.changed.join(' and ')} changed since this revision was submitted. A new revision must be decided on.`,
      {
        revisionDigest,
        changed: ballot.changed,
      },
    )
  const mine = ballot.votes.some((v) => v.person === ballot.person && v.revisionDigest === revisionDigest)
  if (mine) return refuse('conflict', 'You have voted on this revision already.', { revision })
  const { grants, may: mayBy } = usableGrants(request.policy, ballot.conflicts, ballot)
  const asked = askedRoles(request.policy)
  if (!mayBy.allowed) {
    const because =
      ballot.grants.some((g) => asked.some((role) => role === g.role)) || mayBy.because.startsWith('whoever')
        ? `You may not decide on this: ${mayBy.because}.`
        : `The policy ${request.policyName} asks for ${asked.join(' or ')}, which you are not here.`
    return refuse('forbidden', because, { separation: request.policy.separation, quorum: request.policy.quorum })
  }
  const { counted } = tally(request.policy, ballot.conflicts, revisionDigest, ballot.votes)
  const roles = asked.filter((role) => grants.some((g) => g.role === role))
  const lacking = roles.find((role) => (counted[role]?.have ?? 0) < request.policy.quorum[role])
  return { kind: 'cast', role: lacking ?? roles[0] ?? asked[0] ?? 'approver' }
}

/**
 * The outcome of a request as its votes stand. A quorum decides only on evidence that still holds: a piece may have grown
 * too old between asking and deciding.
 */
export function judgeRequest(
  request: Pick<Decidable, 'policy' | 'revisionDigest' | 'subject'>,
  conflicts: Conflicts,
  votes: readonly CountedVote[],
  now: Date,
): Tally {
  const result = tally(request.policy, conflicts, request.revisionDigest, votes)
  if (result.outcome !== 'approved') return result
  const failing = checkEvidence(request.policy, request.subject, now).filter((c) => !c.ok)
  if (failing.length === 0) return result
  const why = failing.map((c) => `${c.kind} ${c.because}`).join('; ')
  return { ...result, outcome: 'open', because: `${result.because} But the evidence no longer holds: ${why}.` }
}

function refuse(code: ErrorCode, because: string, details: ErrorDetails): VoteDecision {
  return { kind: 'refused', code, because, details }
}
