import { authorizeRead } from '#lib/access/authorize.ts'
import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { conflictsOf } from './cast-vote.ts'
import { checkEvidence, eligible, separated, tally, type EvidenceCheck, type Tally } from './decide.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { can, type ApprovalState, type ApprovalView, type Can, type Clearance, type VoteView } from './model.ts'
import { choosePolicy } from './policy.ts'
import {
  selectApproval,
  selectApprovals,
  selectNewest,
  selectVotes,
  wasRevisionRejected,
  type ApprovalRow,
} from './queries.ts'
import { revisionOf } from './request-approval.ts'

export type ApprovalDetail = ApprovalView & {
  /** Of the model: what roles may be narrowed by. */
  labels: string[]
  votes: VoteView[]
  tally: Tally
  evidence: EvidenceCheck[]
  /** What the caller may do, and if not, why: the same table and rules that the verbs ask. */
  mine: { vote: Can; withdraw: Can; revoke: Can }
}

export async function listApprovals(
  ctx: Ctx,
  input: {
    limit?: number
    cursor?: string | undefined
    state?: ApprovalState | undefined
    decided?: boolean | undefined
    versionId?: string | undefined
  } = {},
): Promise<Page<ApprovalView>> {
  await authorizeRead(ctx, 'approval:read')
  const limit = input.limit ?? 50
  const filter = {
    workspaceId: ctx.workspaceId,
    before: decodeCursor(input.cursor),
    limit: limit + 1,
    state: input.state,
    decided: input.decided,
    versionId: input.versionId,
  }
  return pageOf((await selectApprovals(ctx.db, filter)).map(toView), limit, (a) => a.id)
}

/** A request with its votes, each judged as of now, its evidence checks and what the caller may do. */
export async function readApproval(ctx: Ctx, id: string): Promise<ApprovalDetail> {
  const row = await selectApproval(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such approval request in this workspace.')
  await authorizeRead(ctx, 'approval:read', {
    kind: 'approval',
    id: row.id,
    workspaceId: row.workspaceId,
    environment: row.environment,
    labels: row.labels,
  })
  const conflicts = conflictsOf(row)
  const votes = await selectVotes(ctx.db, row, false)
  const voted: Can = votes.some((v) => v.identityId === ctx.actorId)
    ? { allowed: false, because: 'you have voted on this revision' }
    : { allowed: true }
  return {
    ...toView(row),
    labels: row.labels,
    votes: votes.map((v) => ({
      id: v.id,
      voter: { id: v.identityId, name: v.name },
      role: v.role,
      decision: v.decision,
      reason: v.reason,
      at: v.at,
      counts: eligible(row.policy, conflicts, row.revisionDigest, v),
    })),
    tally: tally(row.policy, conflicts, row.revisionDigest, votes),
    evidence: checkEvidence(row.policy, row.subject.evidence[0]?.metrics ?? {}),
    mine: {
      vote: firstDenied(can.vote(row), separated(row.policy, conflicts, ctx.actorId), voted),
      withdraw: can.withdraw(row),
      revoke: can.revoke(row),
    },
  }
}

/** What a request for approval would ask for, as it would be made now; and if it would be refused, why. */
export type ApprovalPlan = {
  policy: { name: string; digest: string; quorum: ApprovalView['policy']['quorum'] }
  evidence: EvidenceCheck[]
  /** The newest request for this version and environment. */
  existing: { id: string; state: ApprovalState } | null
  can: Can
}

/** The plan of `requestApproval`, without making the request: what is shown before somebody confirms it. */
export async function planApproval(
  ctx: Ctx,
  input: { versionId: string; environmentId: string },
): Promise<ApprovalPlan> {
  const [version, environment] = await Promise.all([
    findVersion(ctx.db, input.versionId),
    findEnvironment(ctx.db, input.environmentId),
  ])
  if (version?.workspaceId !== ctx.workspaceId || environment?.workspaceId !== ctx.workspaceId)
    throw problem('not-found', 'There is no such version or environment in this workspace.')
  const { id, workspaceId, labels } = version
  await authorizeRead(ctx, 'approval:read', {
    kind: 'version',
    id,
    workspaceId,
    environment: environment.name,
    labels,
  })
  const { policy, digest } = choosePolicy(currentApprovalPolicies(), environment)
  const evidence = checkEvidence(policy, version.evaluation.metrics)
  const existing = await selectNewest(ctx.db, { ...input, share: false })
  const { revisionDigest } = await revisionOf(ctx.db, version, environment, digest)
  const wasRejected = await wasRevisionRejected(ctx.db, { ...input, revisionDigest })
  const asked = can.ask({ newest: existing, revisionDigest, wasRejected, now: ctx.clock.now() })
  return {
    policy: { name: policy.name, digest, quorum: policy.quorum },
    evidence,
    existing: existing ? { id: existing.id, state: existing.state } : null,
    can: firstDenied(asked, ...evidence.map(complete)),
  }
}

function complete(check: EvidenceCheck): Can {
  return check.ok ? { allowed: true } : { allowed: false, because: `the ${check.kind} ${check.because}` }
}

/**
 * May this version serve in that environment now? Asked again at each use. With the caller's transaction the request is
 * locked for share, so that a revocation waits or is seen.
 */
export async function findClearance(
  db: Reader,
  subject: { versionId: string; environmentId: string; digest: string },
  now: Date,
  share = false,
): Promise<Clearance> {
  const row = await selectNewest(db, { ...subject, share })
  if (!row) return { kind: 'missing', approvalId: null, because: 'it was never asked for' }
  const approvalId = row.id
  if (row.state === 'revoked') return { kind: 'revoked', approvalId, because: `revoked: ${row.because}` }
  if (row.state === 'expired' || (row.state === 'approved' && row.expiresAt <= now))
    return { kind: 'expired', approvalId, because: `it ran out at ${row.expiresAt.toISOString()}` }
  if (row.state !== 'approved') return { kind: 'missing', approvalId, because: `the request is ${row.state}` }
  if (row.subject.version.digest !== subject.digest)
    return { kind: 'missing', approvalId, because: 'the approval is for another digest' }
  const conflicts = conflictsOf(row)
  const count = tally(row.policy, conflicts, row.revisionDigest, await selectVotes(db, row, share))
  if (count.outcome !== 'approved')
    return { kind: 'missing', approvalId, because: `its votes no longer make a quorum: ${count.because}` }
  return { kind: 'valid', approvalId, expiresAt: row.expiresAt, because: count.because }
}

function firstDenied(...checks: Can[]): Can {
  return checks.find((c) => !c.allowed) ?? { allowed: true }
}

function toView(row: ApprovalRow): ApprovalView {
  return {
    id: row.id,
    state: row.state,
    revision: row.revision,
    revisionDigest: row.revisionDigest,
    subject: row.subject,
    policy: {
      name: row.policyName,
      digest: row.policyDigest,
      quorum: row.policy.quorum,
      separation: row.policy.separation,
    },
    because: row.because,
    requestedBy: { id: row.requestedById, name: row.requestedByName },
    requestedAt: row.requestedAt,
    decidedAt: row.decidedAt,
    expiresAt: row.expiresAt,
  }
}
