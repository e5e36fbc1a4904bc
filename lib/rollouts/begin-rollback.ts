import { holdEndpoint, intend } from '#lib/endpoints/reads.ts'
import { servingAlias } from '#lib/models/model.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { findApprovals } from './find-approvals.ts'
import { splitOf, type PlanChain, type RolloutRow } from './model.ts'
import { knownFacts, planInput, type PlanFacts } from './plan-input.ts'
import { rollbackPlan, type Plan } from './plan.ts'
import { updateRollout } from './queries.ts'

export type Beginning = {
  by: 'person' | 'machine'
  because: string
  decidedAt: Date
  now: Date
  /** The endpoint's outside fencing number. */
  fence: number
  /** What was just read; without it what the endpoint's reconciler read last. */
  facts?: Pick<PlanFacts, 'candidatePercent' | 'servers'>
  /** The person who acts: their role may override a freeze. */
  actorId?: string
  /** Whose claim ends, when a person acts. */
  dispossess?: { now: Date }
}

export type Begun = { ok: true; plan: Plan } | { ok: false; because: string }

/**
 * Commits the intent of a rollback with its complete plan, in the caller's transaction, together with what the endpoint is
 * to be. From `succeeded` it opens the same rollout again: its story ends with the version that it brought being taken back.
 * Refused when there is no version that may be gone back to. @throws when the rollout is not as it was read
 */
export async function beginRollback(tx: Tx, row: RolloutRow, beginning: Beginning): Promise<Begun> {
  const { by, because, decidedAt, now, fence } = beginning
  const endpoint = await holdEndpoint(tx, row.endpointId)
  if (!endpoint) throw new Error(`rollout ${row.id} names an endpoint that is not there`)
  // No freeze stands against the safe direction.
  const { frozen: _, ...approvals } = await findApprovals(tx, row, now)
  const facts = { ...(beginning.facts ?? knownFacts(row, endpoint, now)), fence, alias: servingAlias, ...approvals }
  const aliasVersionId = row.chain.promotion?.aliasVerifiedAt ? row.to.versionId : row.from.versionId
  const result = rollbackPlan(planInput('rollback', row, { ...facts, aliasVersionId }))
  if (!result.ok) return result
  const chain = { ...row.chain, rollback: newPlanChain({ by, because, decidedAt, now }) }
  const change = {
    state: 'rolling-back' as const,
    plan: result.plan,
    planStep: 0,
    weight: 0,
    chain,
    request: null,
    heldBecause: null,
    endedAt: null,
    rollback: { at: now, by },
  }
  if (!(await updateRollout(tx, row, change, beginning.dispossess))) {
    throw new Error(`rollout ${row.id} has changed since it was read`)
  }
  const intent = {
    stableVersionId: row.from.versionId,
    candidateVersionId: row.to.versionId,
    weights: splitOf(row, 0),
    state: endpoint.state,
    because: `Rolling back to ${row.from.version}.`,
  }
  await intend(tx, row.endpointId, intent, now)
  return result
}

/** The beginning of a chain of times. */
export function newPlanChain(b: Pick<Beginning, 'by' | 'because' | 'decidedAt' | 'now'>): PlanChain {
  return {
    by: b.by,
    because: b.because,
    decidedAt: b.decidedAt.toISOString(),
    intentAt: b.now.toISOString(),
    trafficAppliedAt: null,
    trafficVerifiedAt: null,
    verifiedGeneration: null,
    aliasVerifiedAt: null,
    endedAt: null,
    toldUnverifiedAt: null,
    outcomes: [],
  }
}
