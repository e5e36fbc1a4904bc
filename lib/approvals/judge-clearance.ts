import { checkEvidence } from './check-evidence.ts'
import { changesBetween, partsOf, tally, type Conflicts, type CountedVote, type RevisionParts } from './decide.ts'
import { freezeAt, mayOverride, type FreezeNow } from './freeze.ts'
import type { ApprovalState, ApprovalSubject, Clearance } from './model.ts'
import type { ApprovalPolicy, LoadedPolicy } from './policy.ts'

/** An approval as its use depends on it. */
export type Usable = {
  id: string
  state: ApprovalState
  because: string
  expiresAt: Date
  approvedAt: Date | null
  revisionDigest: string
  subject: ApprovalSubject
  policy: ApprovalPolicy
  policyDigest: string
}

export type Use = {
  /** The newest request for the version and environment. */
  row: Usable | undefined
  digest: string
  votes: readonly CountedVote[]
  conflicts: Conflicts
  /** What the same request would bind now; the policy that is in force for it now. */
  parts: RevisionParts
  current: LoadedPolicy
  /** A live break-glass. */
  glass: { id: string; expiresAt: Date; usedBy: string } | undefined
  /** Roles of whoever asks, for freezes that a role overrides. */
  roles: readonly string[]
  now: Date
}

type Refused = Exclude<Clearance, { kind: 'valid' }>

/**
 * May it begin to serve, or take a step more, now? An approval must be there, not over and not revoked, bind what is there
 * now, still have its quorum of people who may decide, and satisfy the policy in force too: a policy that was tightened
 * bites at once, one that was loosened loosens nothing that was decided before. And there must be no freeze. Break-glass
 * lifts all of that but a veto and a revocation. Pure.
 */
export function judgeClearance(use: Use): Clearance {
  const { row, glass, current, now } = use
  const approval = judgeApproval(use)
  if (approval.kind === 'valid') {
    const freeze = freezeAt(current.policy.freeze, now)
    if (!freeze || mayOverride(freeze, use.roles))
      return freeze ? { ...approval, overrides: `freeze ${freeze.window.cron} (${freeze.window.timezone})` } : approval
    if (!glass) return { kind: 'frozen', approvalId: approval.approvalId, because: frozenWords(freeze) }
  }
  const isBarred = row?.state === 'rejected' || row?.state === 'revoked'
  if (!glass || isBarred) return approval
  const because = `break-glass by ${glass.usedBy} until ${glass.expiresAt.toISOString()}, though ${approval.because}`
  return { kind: 'valid', approvalId: null, expiresAt: glass.expiresAt, because, breakGlassId: glass.id }
}

export function frozenWords(freeze: FreezeNow): string {
  const by = freeze.window.overrideBy
  const who = by.length > 0 ? `; ${by.join(' or ')} may override it` : ''
  return `a freeze is in force until ${freeze.until.toISOString()}${who}`
}

function judgeApproval(use: Use): Clearance {
  const { row, digest, votes, conflicts, parts, current, now } = use
  if (!row) return refused('missing', null, 'it was never asked for')
  const { id } = row
  if (row.state === 'revoked') return refused('revoked', id, `revoked: ${row.because}`)
  if (row.state === 'expired' || (row.state === 'approved' && row.expiresAt <= now))
    return refused('expired', id, `it ran out at ${row.expiresAt.toISOString()}`)
  if (row.state !== 'approved') return refused('missing', id, `the request is ${row.state}`)
  if (row.subject.version.digest !== digest) return refused('missing', id, 'the approval is for another digest')
  const changed = changesBetween(partsOf(row.subject, row.policyDigest), parts).filter((c) => c !== 'policy')
  if (changed.length > 0)
    return refused(
      'missing',
      id,
      `the ${changed.join(' and ')} changed since it was approved: ask for the new revision`,
    )
  const count = tally(row.policy, conflicts, row.revisionDigest, votes)
  if (count.outcome !== 'approved') return refused('missing', id, `its votes no longer make a quorum: ${count.because}`)
  const valid = { kind: 'valid' as const, approvalId: id, expiresAt: row.expiresAt, because: count.because }
  return current.digest === row.policyDigest ? valid : judgeUnder(current.policy, row, use, valid)
}

type Valid = Extract<Clearance, { kind: 'valid' }>

function judgeUnder(policy: ApprovalPolicy, row: Usable, use: Use, valid: Valid): Clearance {
  const { conflicts, votes, now } = use
  const words = `the policy ${policy.name} changed since, and under it`
  const count = tally(policy, conflicts, row.revisionDigest, votes)
  if (count.outcome !== 'approved') return refused('missing', row.id, `${words} there is no quorum: ${count.because}`)
  const decidedAt = row.approvedAt ?? now
  const failing = checkEvidence(policy, row.subject, decidedAt).filter((c) => !c.ok)
  if (failing.length > 0)
    return refused(
      'missing',
      row.id,
      `${words} the evidence does not hold: ${failing.map((c) => `${c.kind} ${c.because}`).join('; ')}`,
    )
  const endsAt = new Date(Math.min(row.expiresAt.getTime(), decidedAt.getTime() + policy.approvalTtl * 1000))
  if (endsAt <= now) return refused('expired', row.id, `${words} it ran out at ${endsAt.toISOString()}`)
  return { ...valid, expiresAt: endsAt }
}

function refused(kind: Refused['kind'], approvalId: string | null, because: string): Refused {
  return { kind, approvalId, because }
}
