import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { separated, tally, type Conflicts, type Tally } from './decide.ts'
import { can, VoteInput } from './model.ts'
import { insertVote, lockApproval, moveApproval, selectVotes, type ApprovalRow } from './queries.ts'
import { selectRolesNow } from './queries-roles.ts'

export type VoteResult = {
  voteId: string
  approvalId: string
  state: Tally['outcome']
  because: string
  counted: Tally['counted']
}

/**
 * Casts a vote on the revision that the voter has read. One transaction: the request and the roles that count are locked,
 * the vote is inserted (one a person and revision), every vote's eligibility is judged anew, the quorum is counted and
 * the request moves. Any number of parallel votes leave one outcome.
 * @throws `stale-revision` with the newer digest, `conflict` for a second vote or a closed request, `forbidden` for a
 * conflict of interest
 */
export async function castVote(ctx: Ctx, input: VoteInput): Promise<VoteResult> {
  const { approvalId, decision, reason, revisionDigest } = parseInput(VoteInput, input)
  return mutate(ctx, { action: 'approval:vote', load: (tx) => loadApproval(tx, approvalId) }, async (tx, approval) => {
    const now = ctx.clock.now()
    if (approval.revisionDigest !== revisionDigest) {
      throw problem('stale-revision', 'The request has changed since you read it. Read it again before you decide.', {
        revisionDigest: approval.revisionDigest,
      })
    }
    const may = can.vote(approval)
    if (!may.allowed) throw problem('conflict', `No vote: ${may.because}.`, { state: approval.state })
    if (approval.expiresAt <= now)
      throw problem('conflict', 'The request has run out. Ask for approval again.', { expiresAt: approval.expiresAt })
    const conflicts = conflictsOf(approval)
    const free = separated(approval.policy, conflicts, ctx.actorId)
    if (!free.allowed)
      throw problem('forbidden', `You may not decide on this: ${free.because}.`, {
        separation: approval.policy.separation,
      })
    const before = tally(approval.policy, conflicts, revisionDigest, await selectVotes(tx, approval, true))
    const role = await votingRole(tx, ctx, approval, before)
    const voteId = newId('vote', now)
    const isNew = await insertVote(tx, {
      id: voteId,
      approvalId,
      revision: approval.revision,
      identityId: ctx.actorId,
      role,
      decision,
      reason,
      revisionDigest,
      at: now,
    })
    if (!isNew) throw problem('conflict', 'You have voted on this revision already.', { revision: approval.revision })
    const result = tally(approval.policy, conflicts, approval.revisionDigest, await selectVotes(tx, approval, true))
    if (result.outcome !== 'open') await settle(tx, approval, result, now)
    const after = {
      decision,
      role,
      revision: approval.revision,
      revisionDigest,
      state: result.outcome,
      counted: result.counted,
    }
    const audit = { before: { state: approval.state }, after, because: reason, policies: [approval.policyDigest] }
    return {
      value: { voteId, approvalId, state: result.outcome, because: result.because, counted: result.counted },
      audit,
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

/** Whose votes separation of duties excludes. */
export function conflictsOf(
  approval: Pick<ApprovalRow, 'requestedById' | 'versionAuthorId' | 'runOwnerId'>,
): Conflicts {
  return { requester: approval.requestedById, versionAuthor: approval.versionAuthorId, runOwner: approval.runOwnerId }
}

// The role the vote counts for: one that the quorum asks for and the voter holds, first of all one that still lacks people.
// Who holds both is the scarcer validator.
async function votingRole(tx: Tx, ctx: Ctx, approval: ApprovalRow, before: Tally): Promise<string> {
  const held = await selectRolesNow(tx, ctx.actorId, approval)
  const asked = (['validator', 'approver'] as const).filter((r) => approval.policy.quorum[r] > 0)
  const mine = asked.filter((r) => held.includes(r))
  const lacking = mine.find((r) => (before.counted[r]?.have ?? 0) < approval.policy.quorum[r])
  const role = lacking ?? mine[0]
  if (!role)
    throw problem(
      'forbidden',
      `The policy ${approval.policyName} asks for ${asked.join(' or ')}, which you are not here.`,
      { quorum: approval.policy.quorum },
    )
  return role
}

async function settle(tx: Tx, approval: ApprovalRow, result: Tally, now: Date): Promise<void> {
  const to = result.outcome === 'approved' ? 'approved' : 'rejected'
  const expiresAt =
    to === 'approved' ? new Date(now.getTime() + approval.policy.approvalTtl * 1000) : approval.expiresAt
  if (!(await moveApproval(tx, approval.id, { from: 'open', to, because: result.because, now, expiresAt }))) {
    throw new Error(`approval ${approval.id} moved under its lock`)
  }
}
