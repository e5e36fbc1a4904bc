import { authorizeRead } from '#lib/access/authorize.ts'
import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { checkEvidence, type EvidenceCheck } from './check-evidence.ts'
import {
  changesBetween,
  eligible,
  partsOf,
  separated,
  usableGrants,
  type RevisionChange,
  type Tally,
} from './decide.ts'
import { judgeRequest } from './decide-vote.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { can, isOverdue, type ApprovalState, type ApprovalView, type Can, type VoteView } from './model.ts'
import { choosePolicy } from './policy.ts'
import { selectApproval, selectApprovals, selectNewest, wasRevisionRejected, type ApprovalRow } from './queries.ts'
import { selectElectorate, type Electorate } from './queries-votes.ts'
import { findFreeze } from './reads-clearance.ts'
import { findRevision, policySubject, type Place, type Version } from './reads-revision.ts'
import { hasChanged, sentenceOf } from './request-approval.ts'

export type ApprovalDetail = ApprovalView & {
  /** Of the model: what roles may be narrowed by. */
  labels: string[]
  /** What has changed since this revision was submitted. */
  changed: RevisionChange[]
  /** The freeze in force for it, in words. */
  freeze: string | null
  votes: VoteView[]
  tally: Omit<Tally, 'seated'>
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
  const now = ctx.clock.now()
  const people = await selectElectorate(ctx.db, row, { identityId: ctx.actorId, lock: false, now })
  const { votes, conflicts } = people
  const { changed, freeze } = await presentState(ctx, row)
  const result = judgeRequest(row, conflicts, votes, now)
  return {
    ...toView(row),
    labels: row.labels,
    changed,
    freeze,
    votes: votes.map((v) => ({
      id: v.id,
      voter: { id: v.identityId, name: v.name },
      role: result.seated.find((s) => s.person === v.person)?.role ?? v.role,
      onBehalfOf: v.onBehalfOf,
      decision: v.decision,
      reason: v.reason,
      at: v.at,
      counts: eligible(row.policy, conflicts, row.revisionDigest, v),
    })),
    tally: { outcome: result.outcome, because: result.because, counted: result.counted },
    evidence: checkEvidence(row.policy, row.subject, row.decidedAt ?? now),
    mine: {
      vote: mayVote(row, people, { changed, now }),
      withdraw: firstDenied(can.withdraw(row), mayWithdraw(row, people, ctx.actorId)),
      revoke: can.revoke(row),
    },
  }
}

// The same rules that the verb asks, in the order in which a person wants to know them.
function mayVote(row: ApprovalRow, people: Electorate, at: { changed: RevisionChange[]; now: Date }): Can {
  const voted: Can = people.votes.some((v) => v.person === people.person)
    ? { allowed: false, because: 'you have voted on this revision' }
    : { allowed: true }
  const isOver = isOverdue(row, at.now)
  const over: Can = isOver
    ? { allowed: false, because: 'the request has run out: ask for approval again' }
    : { allowed: true }
  const stale: Can =
    at.changed.length > 0 && row.state === 'open'
      ? {
          allowed: false,
          because: `the ${at.changed.join(' and ')} changed since: the new revision is being submitted`,
        }
      : { allowed: true }
  const { may } = usableGrants(row.policy, people.conflicts, people)
  return firstDenied(can.vote(row), over, separated(row.policy, people.conflicts, people.person), voted, stale, may)
}

function mayWithdraw(row: ApprovalRow, people: Electorate, actorId: string): Can {
  return row.requestedById === actorId || people.grants.some((g) => g.role === 'admin')
    ? { allowed: true }
    : { allowed: false, because: `only ${row.requestedByName}, who asked, or an admin may withdraw it` }
}

async function presentState(ctx: Ctx, row: ApprovalRow): Promise<{ changed: RevisionChange[]; freeze: string | null }> {
  const { versionId, environmentId } = row
  const [version, environment] = await Promise.all([
    findVersion(ctx.db, versionId),
    findEnvironment(ctx.db, environmentId),
  ])
  if (!version || !environment) return { changed: [], freeze: null }
  const freeze = await findFreeze(ctx.db, { versionId, environmentId }, ctx.clock.now())
  const current = policyInForce(version, environment)
  const { parts } = await findRevision(ctx.db, version, environment, current?.digest ?? '')
  return { changed: changesBetween(partsOf(row.subject, row.policyDigest), parts), freeze }
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
  const { policy, digest } = choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  const now = ctx.clock.now()
  const existing = await selectNewest(ctx.db, { ...input, share: false })
  const { subject, parts, revisionDigest } = await findRevision(ctx.db, version, environment, digest)
  const evidence = checkEvidence(policy, subject, now)
  const wasRejected = await wasRevisionRejected(ctx.db, { ...input, revisionDigest })
  const asked = can.ask({ newest: existing, revisionDigest, wasRejected, hasChanged: hasChanged(existing, parts), now })
  return {
    policy: { name: policy.name, digest, quorum: policy.quorum },
    evidence,
    existing: existing ? { id: existing.id, state: existing.state } : null,
    can: firstDenied(asked, ...evidence.map(complete)),
  }
}

function complete(check: EvidenceCheck): Can {
  return check.ok ? { allowed: true } : { allowed: false, because: sentenceOf(check) }
}

// No policy for it, or none that can be told, is a state of the page and no failure.
function policyInForce(version: Version, environment: Place) {
  try {
    return choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  } catch (error) {
    if (isProblem(error, 'conflict')) return undefined
    throw error
  }
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
