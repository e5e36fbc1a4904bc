import type { Can } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'

/** A vote with what its eligibility depends on, as locked in the deciding transaction. */
export type CountedVote = {
  identityId: string
  role: string
  decision: 'approve' | 'reject'
  revisionDigest: string
  /** Live roles of the voter in the workspace, reaching this environment and model. */
  rolesNow: readonly string[]
}

export type Conflicts = { requester: string; versionAuthor: string; runOwner: string | null }

export type Tally = {
  outcome: 'open' | 'approved' | 'rejected'
  because: string
  /** By role: how many count, of how many. */
  counted: Record<string, { have: number; need: number }>
}

const words = {
  requester: 'asked for the approval',
  'version-author': 'submitted the version',
  'run-owner': 'owned its training run',
} as const

/** May this person vote at all? Separation of duties, by identity and never by name. */
export function separated(policy: ApprovalPolicy, conflicts: Conflicts, identityId: string): Can {
  const held = {
    requester: conflicts.requester,
    'version-author': conflicts.versionAuthor,
    'run-owner': conflicts.runOwner,
  }
  const broken = policy.separation.find((s) => held[s] === identityId)
  return broken
    ? { allowed: false, because: `whoever ${words[broken]} may not decide on it (${broken})` }
    : { allowed: true }
}

/** Does this vote count now? Roles and revision are those of this moment, not of the moment of voting. */
export function eligible(policy: ApprovalPolicy, conflicts: Conflicts, revisionDigest: string, vote: CountedVote): Can {
  if (vote.revisionDigest !== revisionDigest) return { allowed: false, because: 'it was cast on another revision' }
  if (!vote.rolesNow.includes(vote.role))
    return { allowed: false, because: `the voter no longer holds the role ${vote.role}` }
  return separated(policy, conflicts, vote.identityId)
}

/**
 * Counts the votes of a revision. A rejection is a veto. Each person counts once, in the role under which they voted.
 * Pure and total; the caller holds the locks on the request and on the roles that count.
 */
export function tally(
  policy: ApprovalPolicy,
  conflicts: Conflicts,
  revisionDigest: string,
  votes: readonly CountedVote[],
): Tally {
  const counting = votes.filter((v) => eligible(policy, conflicts, revisionDigest, v).allowed)
  const needs = Object.entries(policy.quorum).filter(([, need]) => need > 0)
  const counted = Object.fromEntries(
    needs.map(([role, need]) => {
      const people = new Set(
        counting.filter((v) => v.decision === 'approve' && v.role === role).map((v) => v.identityId),
      )
      return [role, { have: people.size, need }]
    }),
  )
  const summary = Object.entries(counted)
    .map(([role, c]) => `${c.have} of ${c.need} ${role}${c.need === 1 ? '' : 's'}`)
    .join(', ')
  if (counting.some((v) => v.decision === 'reject'))
    return { outcome: 'rejected', because: 'One person who may decide rejected it: a veto.', counted }
  const full = Object.values(counted).every((c) => c.have >= c.need)
  return full
    ? { outcome: 'approved', because: `Quorum reached: ${summary}.`, counted }
    : { outcome: 'open', because: `Waiting: ${summary}.`, counted }
}

/** The verdict on each piece of evidence that the policy asks for, with the values it was judged on. */
export type EvidenceCheck = { kind: string; ok: boolean; because: string; values: Record<string, number | null> }

export function checkEvidence(policy: ApprovalPolicy, metrics: Record<string, number>): EvidenceCheck[] {
  return policy.evidence.map((e) => {
    const values = Object.fromEntries(e.requireMetrics.map((name) => [name, metrics[name] ?? null]))
    const missing = e.requireMetrics.filter((name) => metrics[name] === undefined)
    const ok = missing.length === 0
    const because = ok
      ? `has ${e.requireMetrics.join(', ') || 'an evaluation'}`
      : `lacks ${missing.join(', ')}: measure it and submit the next version`
    return { kind: e.kind, ok, because, values }
  })
}
