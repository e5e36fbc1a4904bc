import { findClearance } from '#lib/approvals/reads.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { RolloutRow } from './model.ts'
import type { RolloutObservation } from './observation.ts'

type Status = RolloutObservation['approval']

/**
 * The approvals of both sides for the environment, locked against revocation until the transaction ends. Where the
 * environment is not protected none is asked for, so they count as valid.
 */
export async function findApprovals(
  tx: Tx,
  row: RolloutRow,
  now: Date,
): Promise<{ fromApproval: Status; toApproval: Status }> {
  const toApproval = await approvalOf(tx, row, row.to, now, true)
  return { fromApproval: await approvalOf(tx, row, row.from, now, true), toApproval }
}

/** The same of one side; without `share` it is only looked at. */
export async function approvalOf(
  db: Reader,
  row: Pick<RolloutRow, 'protected' | 'environmentId'>,
  side: { versionId: string; digest: string },
  now: Date,
  share: boolean,
): Promise<Status> {
  if (!row.protected) return 'valid'
  const { versionId, digest } = side
  return (await findClearance(db, { versionId, environmentId: row.environmentId, digest }, now, share)).kind
}
