import type { Can, ApprovalSubject } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'
import { fillSeats, type Grant, type Voter } from './quorum.ts'

/** A vote with what its eligibility depends on, as locked in the deciding transaction. People are persons, not identities. */
export type CountedVote = {
  identityId: string
  /** The person behind the identity: linked identities are one. */
  person: string
  decision: 'approve' | 'reject'
  revisionDigest: string
  /** Every right by which the voter may vote there now. */
  grants: readonly Grant[]
}

/** The persons whom separation of duties excludes, by why. */
export type Conflicts = Record<'requester' | 'version-author' | 'run-owner' | 'evidence-author', readonly string[]>

export type Tally = {
  outcome: 'open' | 'approved' | 'rejected'
  because: string
  /** By role: how many count, of how many. */
  counted: Record<string, { have: number; need: number }>
  /** Whose vote fills which seat. */
  seated: { person: string; role: string }[]
}

const words = {
  requester: 'asked for the approval',
  'version-author': 'submitted the version',
  'run-owner': 'owned its training run',
  'evidence-author': 'produced evidence for it',
} as const

/** May this person decide at all? Separation of duties, by person and never by name. */
export function separated(policy: Pick<ApprovalPolicy, 'separation'>, conflicts: Conflicts, person: string): Can {
  const broken = policy.separation.find((s) => conflicts[s].includes(person))
  return broken
    ? { allowed: false, because: `whoever ${words[broken]} may not decide on it (${broken})` }
    : { allowed: true }
}

/**
 * The rights by which this person may vote: roles that the quorum asks for, held by themselves or delegated by somebody whom
 * separation does not exclude either (a delegate inherits the delegator's conflicts).
 */
export function usableGrants(
  policy: Pick<ApprovalPolicy, 'separation' | 'quorum'>,
  conflicts: Conflicts,
  vote: Pick<CountedVote, 'person' | 'grants'>,
): { grants: readonly Grant[]; may: Can } {
  const asked = askedRoles(policy)
  const held = vote.grants.filter((g) => asked.some((role) => role === g.role))
  const own = separated(policy, conflicts, vote.person)
  if (!own.allowed) return { grants: [], may: own }
  if (held.length === 0)
    return { grants: [], may: { allowed: false, because: `the voter does not hold the role ${asked.join(' or ')}` } }
  const grants = held.filter((g) => separated(policy, conflicts, g.authority).allowed)
  if (grants.length > 0) return { grants, may: { allowed: true } }
  const theirs = separated(policy, conflicts, held[0]?.authority ?? '')
  const why = theirs.allowed ? 'they have a conflict' : theirs.because
  return {
    grants: [],
    may: { allowed: false, because: `the role was delegated by somebody who may not decide: ${why}` },
  }
}

/** Does this vote count now? Roles, links and revision are those of this moment, not of the moment of voting. */
export function eligible(policy: ApprovalPolicy, conflicts: Conflicts, revisionDigest: string, vote: CountedVote): Can {
  if (vote.revisionDigest !== revisionDigest) return { allowed: false, because: 'it was cast on another revision' }
  const asked = askedRoles(policy)
  const own = separated(policy, conflicts, vote.person)
  if (own.allowed && !vote.grants.some((g) => asked.some((role) => role === g.role)))
    return { allowed: false, because: `the voter no longer holds the role ${asked.join(' or ')}` }
  return usableGrants(policy, conflicts, vote).may
}

/**
 * Counts the votes of a revision. A rejection by somebody who may decide is a veto. Each person fills one seat, in whichever
 * role makes the quorum if any does. Pure and total; the caller holds the locks on the request and on the roles that count.
 */
export function tally(
  policy: ApprovalPolicy,
  conflicts: Conflicts,
  revisionDigest: string,
  votes: readonly CountedVote[],
): Tally {
  const counting = votes.filter((v) => eligible(policy, conflicts, revisionDigest, v).allowed)
  const seats = fillSeats(
    policy.quorum,
    votersOf(
      policy,
      conflicts,
      counting.filter((v) => v.decision === 'approve'),
    ),
  )
  const { filled: counted } = seats
  const seated = seats.seated.map(({ person, role }) => ({ person, role }))
  if (counting.some((v) => v.decision === 'reject'))
    return { outcome: 'rejected', because: 'One person who may decide rejected it: a veto.', counted, seated }
  const summary = Object.entries(counted)
    .map(([role, c]) => `${c.have} of ${c.need} ${role}${c.need === 1 ? '' : 's'}`)
    .join(', ')
  return seats.full
    ? { outcome: 'approved', because: `Quorum reached: ${summary}.`, counted, seated }
    : { outcome: 'open', because: `Waiting: ${summary}.`, counted, seated }
}

function votersOf(policy: ApprovalPolicy, conflicts: Conflicts, votes: readonly CountedVote[]): Voter[] {
  const byPerson = new Map<string, Grant[]>()
  for (const vote of votes)
    byPerson.set(vote.person, [...(byPerson.get(vote.person) ?? []), ...usableGrants(policy, conflicts, vote).grants])
  return [...byPerson].map(([person, grants]) => ({ person, grants }))
}

/** The roles that a quorum asks for, the scarcer first. */
export function askedRoles(policy: Pick<ApprovalPolicy, 'quorum'>): ('validator' | 'approver')[] {
  return (['validator', 'approver'] as const).filter((role) => policy.quorum[role] > 0)
}

/** What differs between the revision that was asked for and what would be asked for now. */
export type RevisionChange = 'version' | 'card' | 'evidence' | 'policy' | 'environment'

/** Everything that a revision binds, as digests. */
export type RevisionParts = {
  versionDigest: string
  environmentId: string
  card: string
  evidence: readonly string[]
  policy: string
}

export function partsOf(subject: ApprovalSubject, policy: string): RevisionParts {
  return {
    versionDigest: subject.version.digest,
    environmentId: subject.environment.id,
    card: subject.cardDigest,
    // A card is bound by its own digest.
    evidence: subject.evidence
      .filter((e) => e.kind !== 'model-card' || e.statementDigest !== null)
      .map((e) => e.digest)
      .sort(),
    policy,
  }
}

export function changesBetween(a: RevisionParts, b: RevisionParts): RevisionChange[] {
  const changed: RevisionChange[] = []
  if (a.versionDigest !== b.versionDigest) changed.push('version')
  if (a.environmentId !== b.environmentId) changed.push('environment')
  if (a.card !== b.card) changed.push('card')
  if (a.evidence.join(' ') !== b.evidence.join(' ')) changed.push('evidence')
  if (a.policy !== b.policy) changed.push('policy')
  return changed
}
