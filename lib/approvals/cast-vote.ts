import { findEnvironment, findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { attestDecision } from './attest-decision.ts'
import { attestVote } from './attest-vote.ts'
import { changesBetween, partsOf, type Tally } from './decide.ts'
import { decideVote, judgeRequest } from './decide-vote.ts'
import { currentApprovalPolicies } from './load-policies.ts'
import { VoteInput } from './model.ts'
import { choosePolicy } from './policy.ts'
import { lockApproval, moveApproval, type ApprovalRow } from './queries.ts'
import { insertVote, selectElectorate, type VoteRow } from './queries-votes.ts'
import { findRevision, policySubject } from './reads-revision.ts'

export type VoteResult = {
  voteId: string
  approvalId: string
  state: Tally['outcome']
  because: string
  counted: Tally['counted']
}

/**
 * Casts a vote on the revision that the voter has read. One transaction: the request, the version's evidence and the roles
 * that count are locked, the vote is inserted (one a person and revision), every vote's eligibility is judged anew, the
 * quorum is counted, the request moves, and vote and decision are stated to be signed. Any number of parallel votes, edits
 * and removals of roles leave one outcome.
 * @throws `stale-revision` when anything that the revision binds has changed, `conflict` for a second vote or a closed
 * request, `forbidden` for a conflict of interest, or when the sign-in is too long ago
 */
export async function castVote(ctx: Ctx, input: VoteInput): Promise<VoteResult> {
  const { approvalId, decision, reason, revisionDigest } = parseInput(VoteInput, input)
  return mutate(ctx, { action: 'approval:vote', load: (tx) => loadApproval(tx, approvalId) }, async (tx, approval) => {
    const now = ctx.clock.now()
    const changed = approval.state === 'open' ? await changesNow(tx, approval) : []
    const people = { identityId: ctx.actorId, lock: true, now }
    const before = await selectElectorate(tx, approval, people)
    const ballot = { ...before, identityId: ctx.actorId, decision, revisionDigest, changed }
    const decided = decideVote(approval, ballot, now)
    if (decided.kind === 'refused') throw problem(decided.code, decided.because, decided.details)
    const voteId = newId('vote', now)
    const { revision } = approval
    const vote = {
      id: voteId,
      approvalId,
      revision,
      identityId: ctx.actorId,
      decision,
      reason,
      revisionDigest,
      at: now,
    }
    if (!(await insertVote(tx, { ...vote, role: decided.role, grants: before.grants })))
      throw problem('conflict', 'You have voted on this revision already.', { revision })
    await attestVote(tx, ctx, approval, { decision, reason, role: decided.role, at: now })
    const { votes, conflicts } = await selectElectorate(tx, approval, people)
    const result = judgeRequest(approval, conflicts, votes, now)
    if (result.outcome !== 'open') await settle(tx, ctx, approval, { result, votes, now })
    const { outcome: state, counted } = result
    const after = { decision, role: decided.role, revision, revisionDigest, state, counted }
    return {
      value: { voteId, approvalId, state, because: result.because, counted },
      audit: { before: { state: approval.state }, after, because: reason, policies: [approval.policyDigest] },
    }
  })
}

/** For every verb on a request: locked, with what roles are narrowed by. */
export async function loadApproval(tx: Tx, approvalId: string) {
  const subject = await lockApproval(tx, approvalId)
  if (!subject) return undefined
  const resource = {
    kind: 'approval',
    id: subject.id,
    workspaceId: subject.workspaceId,
    environment: subject.environment,
    labels: subject.labels,
  }
  return {
    subject,
    resource,
    name: `${subject.subject.model.name}@${subject.subject.version.version} for ${subject.environment}`,
  }
}

// The version's row is held: evidence is added and withdrawn before this vote or after its commit.
async function changesNow(tx: Tx, approval: ApprovalRow) {
  const [version, environment] = [
    await findVersion(tx, approval.versionId),
    await findEnvironment(tx, approval.environmentId),
  ]
  if (!version || !environment)
    throw new Error(`approval ${approval.id} names a version or environment that is not there`)
  const { digest } = choosePolicy(currentApprovalPolicies(), policySubject(version, environment))
  const { parts } = await findRevision(tx, version, environment, digest, tx)
  return changesBetween(partsOf(approval.subject, approval.policyDigest), parts)
}

async function settle(
  tx: Tx,
  ctx: Ctx,
  approval: ApprovalRow,
  end: { result: Tally; votes: readonly VoteRow[]; now: Date },
): Promise<void> {
  const { result, votes, now } = end
  const to = result.outcome === 'approved' ? 'approved' : 'rejected'
  const expiresAt =
    to === 'approved' ? new Date(now.getTime() + approval.policy.approvalTtl * 1000) : approval.expiresAt
  if (!(await moveApproval(tx, approval.id, { from: 'open', to, because: result.because, now, expiresAt })))
    throw new Error(`approval ${approval.id} moved under its lock`)
  await attestDecision(tx, ctx, approval, { outcome: to, seated: result.seated, votes, expiresAt, at: now })
}
