import { mutate } from '#lib/mutate.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { newId } from '#lib/platform/ids.ts'
import { beginPromotion } from './begin-promotion.ts'
import { beginRollback, type Beginning } from './begin-rollback.ts'
import { beginStep } from './begin-step.ts'
import type { Decision } from './decision.ts'
import type { Seen } from './reconcile-observe.ts'
import { change, ClaimLost, loader, workerOf, type Turn } from './reconcile-turn.ts'
import type { RolloutObservation } from './observation.ts'
import { insertObservation } from './queries.ts'

const storeEveryMs = 10_000
const storeHeldEveryMs = 300_000

/**
 * Keeps what was seen and decided: when the decision is another one or the outside changed, when it leads to an act, and
 * every ten seconds; while held, which may be for days, every five minutes.
 */
export async function storeDecision(turn: Turn, seen: Seen, decision: Decision): Promise<void> {
  const { system, row, now } = turn
  const last = row.decision
  const isNew =
    last === null ||
    signature(last.decision) !== signature(decision) ||
    outsideOf(seen.last) !== outsideOf(seen.observation)
  const isAct = decision.kind !== 'wait' && !(decision.kind === 'hold' && row.state === 'held')
  const everyMs = row.state === 'held' ? storeHeldEveryMs : storeEveryMs
  if (!isNew && !isAct && now.getTime() - last.at < everyMs) return
  const stored = { id: newId('observation', now), at: now, observation: seen.observation, decision }
  const isHeld = await housekeep(system, 'observation', (tx) => insertObservation(tx, row, stored))
  if (!isHeld) throw new ClaimLost(`the claim on rollout ${row.id} was lost`)
  if (isNew) system.notify(['changes'])
}

/** Holds the rollout: a person is needed. */
export async function recordHold(turn: Turn, because: string): Promise<void> {
  const { row } = turn
  await mutate(workerOf(turn), { action: 'rollout:hold', load: loader(turn) }, async (tx) => {
    await change(tx, turn, { state: 'held', heldBecause: because, request: null })
    const before = { state: row.state, step: row.step }
    return {
      value: undefined,
      audit: { before, after: { state: 'held', by: 'machine' }, because, policies: [row.policyDigest] },
    }
  })
}

/** The intent of the next step; false when the approval was lost between the observation and now. */
export async function recordStep(turn: Turn, decision: Decision): Promise<boolean> {
  const { row, now } = turn
  const next = decision.next
  if (next === null) throw new TypeError('a decision to advance names the next step')
  return mutate(workerOf(turn), { action: 'rollout:advance', load: loader(turn) }, async (tx) => {
    const begun = await beginStep(tx, row, next, { now })
    if (!begun.ok) throw new ClaimLost(`rollout ${row.id} did not advance: ${begun.because}`)
    const because = sentence(decision)
    const after = { state: 'progressing', phase: 'intent', step: next.stepIndex, weight: next.candidatePercent }
    const before = { state: row.state, step: row.step, weight: row.weight }
    return { value: true, audit: { before, after, because, policies: [row.policyDigest] }, wake: ['rollouts'] }
  })
}

/** The weights of the step were read back: from now on its samples count. */
export async function recordVerified(turn: Turn, generation: number): Promise<void> {
  const { row, now } = turn
  await mutate(workerOf(turn), { action: 'rollout:advance', load: loader(turn) }, async (tx) => {
    const steps = row.chain.steps.map((record, i, all) =>
      i === all.length - 1 ? { ...record, verifiedAt: now.toISOString(), generation } : record,
    )
    await change(tx, turn, { stepStartedAt: now, stepGeneration: generation, chain: { ...row.chain, steps } })
    const after = { phase: 'verified', step: row.step, weight: row.weight, generation }
    return { value: undefined, audit: { after, because: `The candidate has ${row.weight} %, as read back.` } }
  })
}

/**
 * The intent of a rollback or promotion, with its complete plan. When there can be no plan, the rollout is held instead and
 * the answer says why.
 */
export async function recordPlan(
  turn: Turn,
  kind: 'rollback' | 'promotion',
  seen: Pick<Seen, 'cluster' | 'candidatePercent'>,
  because: string,
  drill?: string,
): Promise<{ ok: true } | { ok: false; because: string }> {
  const { row, now, trafficFence, system } = turn
  const servers =
    seen.cluster.kind === 'unreachable' ? null : seen.cluster.kind === 'absent' ? [] : seen.cluster.servers
  const facts = { candidatePercent: seen.candidatePercent, servers }
  const beginning: Beginning = {
    by: 'machine',
    because,
    decidedAt: now,
    now: system.clock.now(),
    fence: trafficFence,
    facts,
  }
  const [action, begin, state] =
    kind === 'rollback'
      ? (['rollout:roll-back', beginRollback, 'rolling-back'] as const)
      : (['rollout:promote', beginPromotion, 'promoting'] as const)
  let refusal: string | null = null
  try {
    await mutate(workerOf(turn), { action, load: loader(turn) }, async (tx) => {
      const begun = await begin(tx, row, beginning)
      if (!begun.ok) {
        refusal = begun.because
        throw new ClaimLost(begun.because)
      }
      const before = { state: row.state, step: row.step, weight: row.weight }
      const after = { state, phase: 'intent', by: 'machine', plan: begun.plan }
      const audit = { before, after, because, policies: [row.policyDigest], drill }
      return { value: undefined, audit, wake: ['rollouts', 'endpoints'] }
    })
  } catch (error) {
    if (refusal === null) throw error
    return { ok: false, because: refusal }
  }
  return { ok: true }
}

/** The reasons of a decision in one text. */
export function sentence(decision: { because: { message: string }[] }): string {
  return decision.because.map(({ message }) => message).join('; ')
}

function signature({ kind, because }: Decision): string {
  return JSON.stringify([kind, because.map(({ code, metric }) => [code, metric])])
}

// What a person who resumes takes responsibility for, and what counts since when the candidate is not ready.
function outsideOf(observation: RolloutObservation | undefined): string {
  if (observation === undefined) return ''
  const { reading, breaker } = observation.traffic
  const share = reading.kind === 'observed' ? [reading.candidatePercent, reading.otherManager] : null
  return JSON.stringify([share, breaker?.tripId, observation.candidate.ready])
}
