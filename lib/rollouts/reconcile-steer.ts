import { sameWeights, trafficChange } from '#lib/endpoints/server-spec.ts'
import { unreachable } from '#lib/platform/errors.ts'
import type { TrafficReading } from '#lib/platform/ports/traffic.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { isPromotionHeld, splitOf } from './model.ts'
import { applyServer } from './reconcile-apply.ts'
import { observeRollout, serverOf, type Seen } from './reconcile-observe.ts'
import { walkPlan } from './reconcile-plan.ts'
import { recordHold, recordPlan, recordStep, recordVerified, sentence, storeDecision } from './reconcile-record.ts'
import { acted, backOff, requireClaim, rest, type Turn, type TurnResult } from './reconcile-turn.ts'

const lookEveryMs = 1_000
const lookAgainMs = 250

/** One act for a rollout that has not ended: observe, decide, keep both, record the intent, and act on it. */
export async function steer(turn: Turn): Promise<TurnResult> {
  const seen = await observeRollout(turn)
  const decision = decide(seen.observation, turn.row.policy, turn.now.getTime())
  await storeDecision(turn, seen, decision)
  switch (decision.kind) {
    case 'wait':
      return carryOn(turn, seen, decision)
    case 'advance':
      await recordStep(turn, decision)
      await writeWeights(turn, seen, decision.next?.candidatePercent ?? 0)
      return acted
    case 'hold':
      if (turn.row.state === 'held') return restHeld(turn, seen)
      await recordHold(turn, sentence(decision))
      return acted
    case 'rollback':
      return planOrHold(turn, 'rollback', seen, sentence(decision))
    case 'finish':
      return planOrHold(turn, 'promotion', seen, sentence(decision))
    default:
      return unreachable(decision.kind)
  }
}

async function planOrHold(
  turn: Turn,
  kind: 'rollback' | 'promotion',
  seen: Seen,
  because: string,
): Promise<TurnResult> {
  const planned = await recordPlan(turn, kind, seen, because)
  if (planned.ok) return acted
  if (turn.row.state === 'held') return rest(lookEveryMs)
  await recordHold(turn, `${because}; but no ${kind} is possible: ${planned.because}`)
  return acted
}

// Nothing was decided: bring about what was decided before. A held rollout is left as it is found.
async function carryOn(turn: Turn, seen: Seen, decision: Decision): Promise<TurnResult> {
  const { row } = turn
  if (row.state === 'held') return restHeld(turn, seen)
  if (row.state === 'promoting') return walkPlan(turn)
  const server = serverOf(seen.cluster, row.to.versionId)
  if (seen.cluster.kind !== 'unreachable' && (!server || server.state === 'stopped')) return startCandidate(turn)
  if (row.state === 'progressing' && row.stepStartedAt === null) return establish(turn, seen)
  const { reading } = seen.observation.traffic
  if (reading.kind === 'unreachable' || seen.cluster.kind === 'unreachable') return backOff(turn)
  const reviewMs = decision.reviewAt === null ? Infinity : decision.reviewAt - turn.now.getTime()
  return rest(Math.max(0, Math.min(lookEveryMs, reviewMs)))
}

// Nothing is asked for while held. But a step whose weights were asked for before the hold serves: it is to be judged.
async function restHeld(turn: Turn, { traffic }: Seen): Promise<TurnResult> {
  const { row } = turn
  const isUnread = row.step >= 0 && row.stepStartedAt === null && !isPromotionHeld(row)
  if (!isUnread || traffic.kind !== 'observed' || !isOurs(turn, traffic)) return rest(lookEveryMs)
  await recordVerified(turn, traffic.generation)
  return acted
}

// The step's weights, until they are read back as ours.
async function establish(turn: Turn, seen: Seen): Promise<TurnResult> {
  const { row } = turn
  const { traffic } = seen
  if (traffic.kind === 'unreachable') return backOff(turn)
  if (traffic.kind === 'observed' && isOurs(turn, traffic)) {
    await recordVerified(turn, traffic.generation)
    return acted
  }
  // Weight is given to nothing that is not there to carry it.
  if (seen.observation.candidate.ready !== true) return rest(lookAgainMs)
  return (await writeWeights(turn, seen, row.weight)) ? acted : backOff(turn)
}

// The step's split, written by us and not by the breaker.
function isOurs({ row }: Turn, traffic: Extract<TrafficReading, { kind: 'observed' }>): boolean {
  const isUndisturbed = traffic.otherManager === null && traffic.breaker === null
  return isUndisturbed && sameWeights(traffic.weights, splitOf(row, row.weight))
}

/** Asks for a split, conditional on what was read. False when it was not applied: the next turn reads again. */
async function writeWeights(turn: Turn, { traffic }: Seen, candidatePercent: number): Promise<boolean> {
  const { system, row, trafficFence } = turn
  if (traffic.kind === 'unreachable') return false
  await requireClaim(turn)
  const isObserved = traffic.kind === 'observed'
  const asked = trafficChange(row.endpointId, splitOf(row, candidatePercent), {
    stableVersionId: row.from.versionId,
    expectResourceVersion: isObserved ? traffic.resourceVersion : null,
    fence: trafficFence,
    clearBreaker: isObserved ? acknowledged(turn, traffic.breaker?.tripId) : undefined,
  })
  const result = await system.ports.traffic(row.cluster).write(asked)
  if (result.kind === 'applied') return true
  system.log.warn({ rolloutId: row.id, result }, 'weights were not applied; the next turn looks again')
  return false
}

function acknowledged({ row }: Turn, tripId: string | undefined): string | undefined {
  return tripId !== undefined && tripId === row.request?.acknowledgedTripId ? tripId : undefined
}

async function startCandidate(turn: Turn): Promise<TurnResult> {
  const result = await applyServer(turn, turn.row.to)
  if (result.kind === 'applied') return rest(lookAgainMs)
  if (result.kind === 'refused') {
    await recordHold(turn, `the cluster refused the candidate's server: ${result.because}`)
    return acted
  }
  turn.system.log.warn({ rolloutId: turn.row.id, result }, "the candidate's server was not applied")
  return backOff(turn)
}
