import { voteStatement } from '#lib/attestations/make-statement.ts'
import { recordStatement } from '#lib/attestations/record-statement.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { ApprovalRow } from './queries.ts'
import { revisionOf, statedVersion } from './stated.ts'

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
