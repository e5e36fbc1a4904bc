import type { Clearance } from '#lib/approvals/model.ts'
import { findClearance, findReturnClearance } from '#lib/approvals/reads-clearance.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import type { RolloutRow } from './model.ts'
import type { RolloutObservation } from './observation.ts'

type Status = RolloutObservation['approval']

/** The approvals of both sides, and in words the freeze that stands against the candidate now. */
export type Approvals = { fromApproval: Status; toApproval: Status; frozen: string | null }

/**
 * The approvals of both sides for the environment, locked against revocation until the transaction ends: the candidate's for
 * going on (`actorId` is whoever goes on, whose role may override a freeze), stable's for going back, which asks for less.
 * Where the environment is not protected none is asked for, so they count as valid.
 */
export async function findApprovals(tx: Tx, row: RolloutRow, now: Date, actorId?: string): Promise<Approvals> {
  const { approval: toApproval, frozen } = await approvalOf(tx, row, now, { share: true, actorId })
  return { fromApproval: await returnApprovalOf(tx, row, now, true), toApproval, frozen }
}

/** The candidate's; without `share` it is only looked at. */
export async function approvalOf(
  db: Reader,
  row: Pick<RolloutRow, 'protected' | 'environmentId' | 'to'>,
  now: Date,
  ask: { share: boolean; actorId?: string | undefined },
): Promise<{ approval: Status; frozen: string | null }> {
  if (!row.protected) return { approval: 'valid', frozen: null }
  const { versionId, digest } = row.to
  const { environmentId } = row
  const found = await findClearance(db, { versionId, environmentId, digest }, now, ask.share, ask.actorId)
  // A frozen approval is a valid one that waits: it is no reason to roll back.
  return found.kind === 'frozen' ? { approval: 'valid', frozen: found.because } : { approval: found.kind, frozen: null }
}

/** Stable's, for a rollback: no freeze, edit or lost role stands against the safe direction. */
export async function returnApprovalOf(
  db: Reader,
  row: Pick<RolloutRow, 'protected' | 'environmentId' | 'from'>,
  now: Date,
  share: boolean,
): Promise<Status> {
  if (!row.protected) return 'valid'
  const { versionId, digest } = row.from
  const { environmentId } = row
  const found: Clearance = await findReturnClearance(db, { versionId, environmentId, digest }, now, share)
  return found.kind === 'frozen' ? 'valid' : found.kind
}
