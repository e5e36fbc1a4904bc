import { holdEndpoint, intend } from '#lib/endpoints/reads.ts'
import { servingAlias } from '#lib/models/model.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newPlanChain, type Beginning, type Begun } from './begin-rollback.ts'
import { findApprovals } from './find-approvals.ts'
import { splitOf, type RolloutRow } from './model.ts'
import { knownFacts, planInput } from './plan-input.ts'
import { promotionPlan } from './plan.ts'
import { updateRollout } from './queries.ts'

/**
 * Commits the intent of a promotion with its complete plan, in the caller's transaction. Refused without a valid approval,
 * which is locked until the transaction ends. @throws when the rollout is not as it was read
 */
export async function beginPromotion(tx: Tx, row: RolloutRow, beginning: Beginning): Promise<Begun> {
  const { by, because, decidedAt, now, fence } = beginning
  const endpoint = await holdEndpoint(tx, row.endpointId)
  if (!endpoint) throw new Error(`rollout ${row.id} names an endpoint that is not there`)
  const { frozen, ...approvals } = await findApprovals(tx, row, now, beginning.actorId)
  if (frozen !== null) return { ok: false, because: frozen }
  const facts = { ...(beginning.facts ?? knownFacts(row, endpoint, now)), fence, alias: servingAlias, ...approvals }
  const result = promotionPlan(planInput('promotion', row, { ...facts, aliasVersionId: row.from.versionId }))
  if (!result.ok) return result
  const chain = { ...row.chain, promotion: newPlanChain({ by, because, decidedAt, now }) }
  const change = {
    state: 'promoting' as const,
    plan: result.plan,
    planStep: 0,
    weight: 100,
    chain,
    request: null,
    heldBecause: null,
  }
  if (!(await updateRollout(tx, row, change, beginning.dispossess))) {
    throw new Error(`rollout ${row.id} has changed since it was read`)
  }
  const intent = {
    stableVersionId: row.from.versionId,
    candidateVersionId: row.to.versionId,
    weights: splitOf(row, 100),
    state: endpoint.state,
    because: `Promoting ${row.to.version}.`,
  }
  await intend(tx, row.endpointId, intent, now)
  return result
}
