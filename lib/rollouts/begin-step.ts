import { holdEndpoint, intend } from '#lib/endpoints/reads.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { findApprovals } from './find-approvals.ts'
import { splitOf, type RolloutRow } from './model.ts'
import { updateRollout } from './queries.ts'

/**
 * Commits the intent of the next step: the candidate's new weight, whose samples count from when it was read back. Refused
 * without a valid approval, which is locked until the transaction ends. @throws when the rollout is not as it was read
 */
export async function beginStep(
  tx: Tx,
  row: RolloutRow,
  next: { stepIndex: number; candidatePercent: number },
  beginning: { now: Date; actorId?: string; dispossess?: { now: Date } },
): Promise<{ ok: true } | { ok: false; because: string }> {
  const { now } = beginning
  const endpoint = await holdEndpoint(tx, row.endpointId)
  if (!endpoint) throw new Error(`rollout ${row.id} names an endpoint that is not there`)
  const { toApproval, frozen } = await findApprovals(tx, row, now, beginning.actorId)
  if (toApproval !== 'valid') return { ok: false, because: `the approval of the candidate is ${toApproval}` }
  if (frozen !== null) return { ok: false, because: frozen }
  const { stepIndex: step, candidatePercent: weight } = next
  const record = { step, weight, intendedAt: now.toISOString(), verifiedAt: null, generation: null }
  const change = {
    state: 'progressing' as const,
    step,
    weight,
    stepStartedAt: null,
    stepGeneration: null,
    request: null,
    heldBecause: null,
    chain: { ...row.chain, steps: [...row.chain.steps, record] },
  }
  if (!(await updateRollout(tx, row, change, beginning.dispossess))) {
    throw new Error(`rollout ${row.id} has changed since it was read`)
  }
  const intent = {
    stableVersionId: row.from.versionId,
    candidateVersionId: row.to.versionId,
    weights: splitOf(row, weight),
    state: endpoint.state,
    because: `Rolling out ${row.to.version}: ${weight} %.`,
  }
  await intend(tx, row.endpointId, intent, now)
  return { ok: true }
}
