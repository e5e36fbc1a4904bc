import { checkEvidence } from './check-evidence.ts'
import { tally, type Conflicts, type CountedVote } from './decide.ts'
import type { ApprovalState, ApprovalSubject } from './model.ts'
import { choosePolicy, type LoadedPolicy } from './policy.ts'

/** A past request with its votes as they were cast. */
export type PastRequest = {
  state: ApprovalState
  wasApproved: boolean
  subject: ApprovalSubject
  /** For requests that do not carry them. */
  risk: string
  labels: readonly string[]
  isProtected: boolean
  requestedAt: Date
  decidedAt: Date | null
  revisionDigest: string
  conflicts: Conflicts
  votes: readonly CountedVote[]
}

export type Outcome = 'approved' | 'rejected' | 'undecided' | 'refused'

/** What was decided, and what these policies would have decided on the same evidence and votes; both with why. */
export type Replayed = { was: Outcome; would: Outcome; policy: string | null; because: string }

/**
 * Replays a request under other policies: which would have been for it, whether its evidence would have let it be asked for,
 * and what its votes would have come to, by the rights and links of then. Pure.
 */
export function replayDecision(policies: readonly LoadedPolicy[], request: PastRequest): Replayed {
  const was = wasOf(request)
  const { subject } = request
  let chosen: LoadedPolicy
  try {
    chosen = choosePolicy(policies, {
      environment: { name: subject.environment.name, protected: subject.environment.protected ?? request.isProtected },
      model: {
        name: subject.model.name,
        risk: subject.model.risk ?? request.risk,
        labels: subject.model.labels ?? request.labels,
      },
      version: { version: subject.version.version },
    })
  } catch (error) {
    return {
      was,
      would: 'refused',
      policy: null,
      because: error instanceof Error ? error.message : 'no policy is for it',
    }
  }
  const { policy } = chosen
  const failing = checkEvidence(policy, subject, request.requestedAt).filter((c) => !c.ok)
  if (failing.length > 0) {
    const why = failing.map((c) => `${c.kind}: ${c.expression ?? 'must be there'} ${c.because}`).join('; ')
    return { was, would: 'refused', policy: policy.name, because: `It could not have been asked for: ${why}.` }
  }
  const count = tally(policy, request.conflicts, request.revisionDigest, request.votes)
  const would = count.outcome === 'open' ? 'undecided' : count.outcome
  return { was, would, policy: policy.name, because: count.because }
}

function wasOf({ state, wasApproved }: PastRequest): Outcome {
  if (wasApproved) return 'approved'
  return state === 'rejected' ? 'rejected' : 'undecided'
}
