import { z } from 'zod'
import type { EvidenceKind } from '#lib/models/evidence.ts'
import type { ApprovalPolicy } from './policy.ts'

export type ApprovalState = 'open' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'revoked'

/** A piece of evidence as a revision binds it. */
export type SubjectEvidence = {
  kind: EvidenceKind
  digest: string
  /** What it says: conditions read it as `evidence.…`. */
  content: Record<string, unknown>
  metrics: Record<string, number>
  producerId: string
  producer: string
  /** When it was measured, RFC 3339. */
  at: string
  /** Of the in-toto statement, where there is one: what was registered with the version has none. */
  statementDigest: string | null
}

/** What was asked for, whole: everything in it but `serving` is bound by the revision's digest. */
export type ApprovalSubject = {
  model: { id: string; name: string; risk?: string; labels?: string[] }
  version: { id: string; version: string; digest: string }
  environment: { id: string; name: string; protected?: boolean }
  cardDigest: string
  evidence: SubjectEvidence[]
  /** The version that serves in that environment when it was asked, for comparison: its newest evidence by kind. */
  serving: {
    versionId: string
    version: string
    metrics: Record<string, number>
    evidence?: Record<string, Record<string, unknown>>
  } | null
}

/** Which verbs a state allows, in one table: pages and verbs both ask it. */
const table: Record<ApprovalState, { vote: boolean; withdraw: boolean; revoke: boolean; final: boolean }> = {
  open: { vote: true, withdraw: true, revoke: false, final: false },
  approved: { vote: false, withdraw: false, revoke: true, final: false },
  rejected: { vote: false, withdraw: false, revoke: false, final: true },
  expired: { vote: false, withdraw: false, revoke: false, final: true },
  withdrawn: { vote: false, withdraw: false, revoke: false, final: true },
  superseded: { vote: false, withdraw: false, revoke: false, final: true },
  revoked: { vote: false, withdraw: false, revoke: false, final: true },
}

export type Can = { allowed: true } | { allowed: false; because: string }

function allow(state: ApprovalState, verb: 'vote' | 'withdraw' | 'revoke', words: string): Can {
  return table[state][verb] ? { allowed: true } : { allowed: false, because: `the request is ${state}: it ${words}` }
}

/** Past its time: it counts as expired at once, whether or not the worker has moved it. */
export function isOverdue(a: { state: ApprovalState; expiresAt: Date }, now: Date): boolean {
  return !table[a.state].final && a.expiresAt <= now
}

/** Why an overdue request has ended. */
export function endOf(state: ApprovalState): string {
  return state === 'approved' ? 'The approval has reached its end.' : 'Nobody decided before the request ran out.'
}

/** What it depends on whether a revision may be asked for: `newest` is of the same version and environment. */
export type Asking = {
  newest: { state: ApprovalState; expiresAt: Date; revisionDigest: string } | undefined
  revisionDigest: string
  /** Was this very revision rejected, now or earlier? */
  wasRejected: boolean
  /** Whether anything differs from what the newest request binds. */
  hasChanged: boolean
  now: Date
}

export const can = {
  ask: ({ newest, revisionDigest, wasRejected, hasChanged, now }: Asking): Can => {
    const live = newest && !isOverdue(newest, now) ? newest : undefined
    if (live?.state === 'approved' && !hasChanged) return { allowed: false, because: 'it is approved there already' }
    if (live?.state === 'open' && (!hasChanged || live.revisionDigest === revisionDigest))
      return { allowed: false, because: 'a request for it is open already' }
    if (wasRejected)
      return {
        allowed: false,
        because: 'this very revision was rejected: change what the rejection names and submit it as the next version',
      }
    return { allowed: true }
  },
  vote: (a: { state: ApprovalState }) => allow(a.state, 'vote', 'takes no more votes'),
  withdraw: (a: { state: ApprovalState }) => allow(a.state, 'withdraw', 'cannot be withdrawn'),
  revoke: (a: { state: ApprovalState }) => allow(a.state, 'revoke', 'has no approval to revoke'),
}

export const RequestApprovalInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  environmentId: z.string().startsWith('en_'),
  reason: z.string().trim().min(3).max(2000),
})
export type RequestApprovalInput = z.input<typeof RequestApprovalInput>

export const VoteInput = z.strictObject({
  approvalId: z.string().startsWith('ap_'),
  decision: z.enum(['approve', 'reject']),
  reason: z.string().trim().min(3).max(2000),
  /** The revision that the voter has read. A newer one refuses the vote. */
  revisionDigest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be the revision digest that the request shows' }),
})
export type VoteInput = z.input<typeof VoteInput>

export const EndApprovalInput = z.strictObject({
  approvalId: z.string().startsWith('ap_'),
  reason: z.string().trim().min(3).max(2000),
})
export type EndApprovalInput = z.input<typeof EndApprovalInput>

export type VoteView = {
  id: string
  voter: { id: string; name: string }
  /** The seat that it fills; before that, the role it was cast by. */
  role: string
  /** Whose authority it was cast on, when the role was delegated. */
  onBehalfOf: string | null
  decision: 'approve' | 'reject'
  reason: string
  at: Date
  /** Whether it counts now, and if not why: eligibility is judged anew each time. */
  counts: Can
}

export type ApprovalView = {
  id: string
  state: ApprovalState
  revision: number
  revisionDigest: string
  subject: ApprovalSubject
  policy: { name: string; digest: string; quorum: ApprovalPolicy['quorum']; separation: ApprovalPolicy['separation'] }
  because: string
  requestedBy: { id: string; name: string }
  requestedAt: Date
  decidedAt: Date | null
  expiresAt: Date
}

/** The answer to "may this version serve there now?", for whoever is about to make it serve. */
export type Clearance =
  | {
      kind: 'valid'
      /** Null when only break-glass lets it serve. */
      approvalId: string | null
      expiresAt: Date
      because: string
      /** A badge for whatever is done under it. */
      breakGlassId?: string
      /** The freeze that the asker's role overrides, for the record. */
      overrides?: string
    }
  | { kind: 'expired' | 'revoked' | 'missing' | 'frozen'; approvalId: string | null; because: string }
