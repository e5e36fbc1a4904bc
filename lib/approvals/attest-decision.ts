import { recordDecision } from '#lib/attestations/record-decision.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { Tally } from './decide.ts'
import type { ApprovalRow } from './queries.ts'
import type { VoteRow } from './queries-votes.ts'
import { revisionOf, statedVersion } from './stated.ts'

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
