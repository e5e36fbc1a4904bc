import { mutate } from '#lib/mutate.ts'
import { holdEndpoint, intend } from '#lib/endpoints/reads.ts'
import { findServing } from '#lib/models/reads.ts'
import { serveVersion } from '#lib/models/serve-version.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import type { PlanChain, RolloutRow } from './model.ts'
import type { Plan, PlanAction } from './plan.ts'
import { wakeWatches, type RolloutChange } from './queries.ts'
import { perform, type Performed } from './reconcile-perform.ts'
import { recordHold } from './reconcile-record.ts'
import { acted, backOff, change, loader, rest, workerOf, type Turn, type TurnResult } from './reconcile-turn.ts'

type Action = 'rollout:promote' | 'rollout:roll-back'

// A step that does not get done for so long is told as "requested, not verified" even if the outside answers.
const tellAfterMs = 30_000
// Somebody who undoes what we do again and again is answered ever more slowly, and each answer is an entry.
const againMs = 250
const againMsMax = 30_000

/**
 * The next step of the plan: done, or found done, and its outcome recorded; a crash in between repeats the step. Nothing is
 * skipped: what cannot be done is tried again for ever.
 */
export async function walkPlan(turn: Turn): Promise<TurnResult> {
  const { row } = turn
  const { plan } = row
  const step = plan?.steps[row.planStep]
  if (!plan || !step) throw new Error(`rollout ${row.id} is ${row.state} and has no step ${row.planStep} of a plan`)
  const performed = named(row, await perform(turn, plan, step.action))
  switch (performed.kind) {
    case 'done':
      await recordDone(turn, plan, step, performed)
      return acted
    case 'again': {
      // How often before: the turn in between does its step, so the claim's attempts do not count this.
      const repeats = chainOf(row, plan).outcomes.filter(({ key }) => key === step.key).length
      await recordAgain(await tellOnce(turn, plan, performed, tellAfterMs), plan, performed.because)
      return rest(Math.min(againMsMax, againMs * 2 ** Math.min(repeats, 10)))
    }
    case 'wait':
      await tellOnce(turn, plan, performed, tellAfterMs)
      return rest(performed.pauseMs)
    case 'blocked':
      await tellOnce(turn, plan, performed, performed.isUnreachable ? 0 : tellAfterMs)
      return backOff(turn)
    case 'hold':
      await recordHold(turn, performed.because)
      return acted
    default:
      performed satisfies never
      throw new TypeError('unknown outcome of a step')
  }
}

/** Whether what the plan is for was read back; the rest is clearing up. */
export function isVerified(row: Pick<RolloutRow, 'plan' | 'chain'>): boolean {
  return row.plan !== null && chainOf(row, row.plan).aliasVerifiedAt !== null
}

function chainOf({ chain }: Pick<RolloutRow, 'chain'>, plan: Plan): PlanChain {
  const found = plan.kind === 'rollback' ? chain.rollback : chain.promotion
  if (!found) throw new Error(`a ${plan.kind} without its chain of times`)
  return found
}

function withChain({ chain }: RolloutRow, plan: Plan, times: PlanChain) {
  return plan.kind === 'rollback' ? { ...chain, rollback: times } : { ...chain, promotion: times }
}

function actionOf(plan: Plan): Action {
  return plan.kind === 'rollback' ? 'rollout:roll-back' : 'rollout:promote'
}

async function recordDone(
  turn: Turn,
  plan: Plan,
  step: Plan['steps'][number],
  { outcome, generation }: Extract<Performed, { kind: 'done' }>,
): Promise<void> {
  const { row, system } = turn
  const isLast = row.planStep === plan.steps.length - 1
  await mutate(workerOf(turn), { action: actionOf(plan), load: loader(turn) }, async (tx) => {
    const now = system.clock.now()
    const at = now.toISOString()
    const held = chainOf(row, plan)
    const times = {
      ...held,
      ...milestone(plan, step.action, at, generation),
      ...(isLast ? { endedAt: at } : {}),
      outcomes: [...held.outcomes, { key: step.key, at, outcome }],
    }
    const to: RolloutChange = { planStep: row.planStep + 1, chain: withChain(row, plan, times) }
    const isServing = step.action.kind === 'read-alias'
    if (isServing) await settleEndpoint(tx, turn, plan, now)
    // A promotion has succeeded when traffic and alias were read back; a rollback also clears the candidate away first.
    const ends = plan.kind === 'promotion' ? isServing : isLast
    if (ends) Object.assign(to, { state: endState(plan), endedAt: now })
    await change(tx, turn, to)
    // What serves again after a rollback has a promotion of its own, whose watch goes on.
    if (ends && plan.kind === 'rollback') await wakeWatches(tx, row.endpointId, now)
    const after = {
      state: ends ? endState(plan) : row.state,
      phase: phaseOf(step.action),
      step: row.planStep + 1,
      of: plan.steps.length,
      key: step.key,
      outcome,
      ...(generation === undefined ? {} : { generation }),
    }
    return {
      value: undefined,
      audit: { before: { state: row.state }, after, because: outcome, policies: [row.policyDigest] },
      wake: ['rollouts', ...(ends ? (['endpoints'] as const) : [])],
    }
  })
}

function endState(plan: Plan): 'succeeded' | 'rolled-back' {
  return plan.kind === 'promotion' ? 'succeeded' : 'rolled-back'
}

function phaseOf({ kind }: PlanAction): 'applied' | 'verified' {
  return kind === 'read-weights' || kind === 'read-alias' || kind === 'preflight' ? 'verified' : 'applied'
}

function milestone(plan: Plan, action: PlanAction, at: string, generation: number | undefined): Partial<PlanChain> {
  if (action.kind === 'read-alias') return { aliasVerifiedAt: at }
  if (action.kind !== 'set-weights' && action.kind !== 'read-weights') return {}
  const weights = action.kind === 'set-weights' ? action.weights : action.expected
  const isWhole = weights.some((w) => w.versionId === plan.to.versionId && w.percent === 100)
  if (!isWhole) return {}
  if (action.kind === 'set-weights') return { trafficAppliedAt: at }
  return { trafficVerifiedAt: at, verifiedGeneration: generation ?? null }
}

// Traffic and alias were read back: from now on this version is what serves, and what is intended.
async function settleEndpoint(tx: Tx, { row }: Turn, plan: Plan, now: Date): Promise<void> {
  const endpoint = await holdEndpoint(tx, row.endpointId)
  if (!endpoint) throw new Error(`rollout ${row.id} names an endpoint that is not there`)
  const { versionId } = plan.to
  const because = `All of the traffic goes to ${versionOf(row, versionId)}, as read back.`
  const weights = [{ versionId, percent: 100 }]
  const intent = { stableVersionId: versionId, candidateVersionId: null, weights, state: endpoint.state, because }
  await intend(tx, row.endpointId, intent, now)
  const { workspaceId, modelId, environmentId, endpointId } = row
  const [serving] = await findServing(tx, { workspaceId, endpointId, nowOnly: true })
  if (serving?.versionId === versionId) return
  await serveVersion(tx, { workspaceId, modelId, versionId, environmentId, endpointId, now })
}

// What is told to people names versions as people do.
function named(row: RolloutRow, performed: Performed): Performed {
  const name = (text: string) =>
    text.replaceAll(row.from.versionId, row.from.version).replaceAll(row.to.versionId, row.to.version)
  return performed.kind === 'done'
    ? { ...performed, outcome: name(performed.outcome) }
    : { ...performed, because: name(performed.because) }
}

function versionOf(row: RolloutRow, versionId: string): string {
  return versionId === row.to.versionId ? row.to.version : row.from.version
}

// What was done does not read back: the step before is done once more.
async function recordAgain(turn: Turn, plan: Plan, because: string): Promise<void> {
  const { row, system } = turn
  await mutate(workerOf(turn), { action: actionOf(plan), load: loader(turn) }, async (tx) => {
    const held = chainOf(row, plan)
    const key = plan.steps[row.planStep]?.key ?? ''
    const outcomes = [...held.outcomes.slice(-100), { key, at: system.clock.now().toISOString(), outcome: because }]
    await change(tx, turn, { planStep: row.planStep - 1, chain: withChain(row, plan, { ...held, outcomes }) })
    return { value: undefined, audit: { outcome: 'found' as const, after: { state: row.state, key }, because } }
  })
}

// An effect that was asked for and cannot be verified is an alert by itself: one entry for each plan. Gives
// the turn with the row as it is from then on.
async function tellOnce(turn: Turn, plan: Plan, { because }: { because: string }, afterMs: number): Promise<Turn> {
  const { row, now } = turn
  const held = chainOf(row, plan)
  if (held.toldUnverifiedAt !== null || isVerified(row)) return turn
  if (now.getTime() - Date.parse(held.intentAt) < afterMs) return turn
  const chain = withChain(row, plan, { ...held, toldUnverifiedAt: now.toISOString() })
  await mutate(workerOf(turn), { action: actionOf(plan), load: loader(turn) }, async (tx) => {
    await change(tx, turn, { chain })
    const text = `${plan.kind === 'rollback' ? 'Rollback' : 'Promotion'} requested, not verified: ${because}`
    const after = { state: row.state, phase: 'not-verified', step: plan.steps[row.planStep]?.key ?? null }
    return { value: undefined, audit: { outcome: 'found' as const, after, because: text } }
  })
  return { ...turn, row: { ...row, chain } }
}
