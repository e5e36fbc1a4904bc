import type { ApprovalPolicy } from '../policy.ts'

/** A vote in plain facts, for judges that share nothing with the code that they judge. */
export type Fact = {
  person: string
  decision: 'approve' | 'reject'
  revisionDigest: string
  /** `[role, person on whose authority]`. */
  rights: readonly (readonly [string, string])[]
}

export type Case = {
  policy: Pick<ApprovalPolicy, 'quorum' | 'separation'>
  revisionDigest: string
  barred: Readonly<Record<string, readonly string[]>>
  votes: readonly Fact[]
}

/** Is there any way to seat distinct, unbarred people with distinct authorities, who approved this revision? By trying all. */
export function hasQuorum({ policy, revisionDigest, barred, votes }: Case): boolean {
  const excluded = new Set(policy.separation.flatMap((s) => barred[s] ?? []))
  const seats = [
    ...Array<string>(policy.quorum.approver).fill('approver'),
    ...Array<string>(policy.quorum.validator).fill('validator'),
  ]
  const able = votes.filter(
    (v) => v.decision === 'approve' && v.revisionDigest === revisionDigest && !excluded.has(v.person),
  )
  const seat = (at: number, people: readonly string[], authorities: readonly string[]): boolean =>
    at === seats.length ||
    able.some((v) =>
      v.rights.some(
        ([role, authority]) =>
          role === seats[at] &&
          !excluded.has(authority) &&
          !people.includes(v.person) &&
          !authorities.includes(authority) &&
          seat(at + 1, [...people, v.person], [...authorities, authority]),
      ),
    )
  return seat(0, [], [])
}

/** Did somebody who may decide reject it? */
export function hasVeto({ policy, revisionDigest, barred, votes }: Case): boolean {
  const excluded = new Set(policy.separation.flatMap((s) => barred[s] ?? []))
  const asked = Object.entries(policy.quorum).flatMap(([role, need]) => (need > 0 ? [role] : []))
  return votes.some(
    (v) =>
      v.decision === 'reject' &&
      v.revisionDigest === revisionDigest &&
      !excluded.has(v.person) &&
      v.rights.some(([role, authority]) => asked.includes(role) && !excluded.has(authority)),
  )
}

const after: Record<string, readonly string[]> = {
  open: ['approved', 'rejected', 'expired', 'withdrawn', 'superseded'],
  approved: ['revoked', 'expired', 'superseded'],
}

/** Whether a request went only where it may go, and nowhere after its end. */
export function isLawful(history: readonly string[]): boolean {
  return (
    history[0] === 'open' &&
    history.every((state, i) => i === 0 || (after[history[i - 1] ?? '']?.includes(state) ?? false))
  )
}
