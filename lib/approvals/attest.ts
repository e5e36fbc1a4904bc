import { voteStatement } from '#lib/attestations/make-statement.ts'
import { recordDecision } from '#lib/attestations/record-decision.ts'
import { recordStatement } from '#lib/attestations/record-statement.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { Tally } from './decide.ts'
import type { ApprovalRow } from './queries.ts'
import type { VoteRow } from './queries-votes.ts'

/** States a vote in the transaction that casts it; the worker signs it after the commit. */
export async function attestVote(
  tx: Tx,
  ctx: Ctx,
  approval: ApprovalRow,
  vote: { decision: 'approve' | 'reject'; reason: string; role: string; at: Date },
): Promise<void> {
  const { issuer, subject } = ctx.actor
  const { workspaceId, policyDigest, environment } = approval
  const statement = voteStatement({
    version: statedVersion(approval),
    environment,
    approval: revisionOf(approval),
    voter: { issuer, subject },
    policyDigest,
    ...vote,
  })
  await recordStatement(tx, {
    workspaceId,
    kind: 'vote',
    subjectKind: 'approval',
    subjectId: approval.id,
    statement,
    now: vote.at,
  })
}

/** States a decision as a verification summary over every vote on the revision and all its evidence. */
export async function attestDecision(
  tx: Tx,
  ctx: Ctx,
  approval: ApprovalRow,
  end: {
    outcome: 'approved' | 'rejected'
    seated: Tally['seated']
    votes: readonly VoteRow[]
    expiresAt: Date
    at: Date
  },
): Promise<void> {
  const { workspaceId, environment, policyName, policyDigest, subject } = approval
  const issuerOf = (person: string) => end.votes.find((v) => v.person === person)?.issuer ?? ''
  await recordDecision(tx, {
    origin: ctx.config.origin,
    workspaceId,
    version: statedVersion(approval),
    environment,
    approval: { ...revisionOf(approval), expiresAt: end.outcome === 'approved' ? end.expiresAt : null },
    policy: { name: policyName, digest: policyDigest },
    outcome: end.outcome,
    counted: end.seated.map(({ person, role }) => ({ role, issuer: issuerOf(person) })),
    requesterIssuer: approval.requesterIssuer,
    evidenceDigests: subject.evidence.flatMap((e) => e.statementDigest ?? []),
    at: end.at,
  })
}

function statedVersion({ subject: { model, version } }: ApprovalRow) {
  return { model: model.name, version: version.version, digest: version.digest }
}

function revisionOf({ id, revision, revisionDigest }: ApprovalRow) {
  return { id, revision, revisionDigest }
}
