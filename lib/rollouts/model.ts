import { z } from 'zod'
import type { Decision } from './decision.ts'
import type { RolloutState } from './observation.ts'
import type { Plan } from './plan.ts'
import type { RolloutPolicy } from './policy.ts'
import type { WatchDecision } from './watch.ts'

const reason = z.string().trim().min(3).max(2000)
const rolloutId = z.string().startsWith('ro_')

export const StartRolloutInput = z.strictObject({
  endpointId: z.string().startsWith('ep_'),
  versionId: z.string().startsWith('mv_'),
  reason,
})
export type StartRolloutInput = z.input<typeof StartRolloutInput>

export const SteerRolloutInput = z.strictObject({ rolloutId, reason })
export type SteerRolloutInput = z.input<typeof SteerRolloutInput>

export const PromoteRolloutInput = z.strictObject({
  rolloutId,
  reason,
  /** `next-step` goes on by one step of the policy, `all` gives the candidate all of the traffic and the alias. */
  to: z.enum(['next-step', 'all']).default('all'),
  /** A held rollout was held for a reason: going on from there has to be said. */
  evenIfHeld: z.boolean().default(false),
})
export type PromoteRolloutInput = z.input<typeof PromoteRolloutInput>

export const WhatIfInput = z.strictObject({ rolloutId, policy: z.string().min(1).max(65_536) })
export type WhatIfInput = z.input<typeof WhatIfInput>

/** One side of a rollout. */
export type Side = { versionId: string; version: string; digest: string; artifactUri: string }

/** A person's wish that the next decisions take into account. */
export type PersonRequest = {
  kind: 'resume'
  by: string
  reason: string
  at: number
  /** The latched trip that the person saw and lets go. */
  acknowledgedTripId: string | null
}

/** When a step's weights were intended and read back. Times are RFC 3339. */
export type StepRecord = {
  step: number
  weight: number
  intendedAt: string
  verifiedAt: string | null
  generation: number | null
}

/** The chain of a promotion or rollback: each time is when that was so, RFC 3339; null until then. */
export type PlanChain = {
  by: 'person' | 'machine'
  because: string
  decidedAt: string
  /** Taken inside the transaction that committed the plan. */
  intentAt: string
  trafficAppliedAt: string | null
  trafficVerifiedAt: string | null
  /** Requests of this traffic generation and later ones were admitted under the verified weights. */
  verifiedGeneration: number | null
  aliasVerifiedAt: string | null
  endedAt: string | null
  /** When it was told that the effect was asked for and could not be verified. */
  toldUnverifiedAt: string | null
  outcomes: { key: string; at: string; outcome: string }[]
}

export type Chain = { steps: StepRecord[]; promotion: PlanChain | null; rollback: PlanChain | null }

/** The newest decision that was stored, and when (epoch ms). */
export type StoredDecision = { decision: Decision; at: number }

/** The state of the watch after a promotion. */
export type WatchState = {
  at: number
  items: Record<string, WatchItemState>
}
export type WatchItemState = {
  decision: WatchDecision | null
  /** Totals at the end of each past window, for sources that only give totals; oldest first. */
  borders: { at: number; n: number; k: number }[]
  /** When the present episode was told; null when there is none. */
  toldAt: number | null
}

export type RolloutRow = {
  id: string
  workspaceId: string
  endpointId: string
  endpointName: string
  cluster: string
  modelId: string
  modelName: string
  labels: string[]
  environmentId: string
  environment: string
  protected: boolean
  from: Side
  to: Side
  approvalId: string | null
  policyName: string
  policyDigest: string
  policy: RolloutPolicy
  state: RolloutState
  step: number
  weight: number
  stepGeneration: number | null
  stepStartedAt: Date | null
  decision: StoredDecision | null
  request: PersonRequest | null
  heldBecause: string | null
  plan: Plan | null
  planStep: number
  chain: Chain
  watch: WatchState | null
  rollbackBy: 'person' | 'machine' | null
  requestedBy: { id: string; issuer: string; subject: string; name: string }
  createdAt: Date
  endedAt: Date | null
  fence: bigint
}

export type Can = { allowed: true } | { allowed: false; because: string }
type Verb = 'hold' | 'resume' | 'promote' | 'rollBack'

const ended = 'it has ended'
const back = 'it is being rolled back already'
// Which verbs a state allows, in one table: pages and verbs both ask it. A text says why not.
const table: Record<RolloutState, Record<Verb, true | string>> = {
  pending: { hold: true, resume: 'it is not held', promote: 'no step has begun yet', rollBack: true },
  progressing: { hold: true, resume: 'it is not held', promote: true, rollBack: true },
  held: { hold: 'it is held already', resume: true, promote: true, rollBack: true },
  promoting: { hold: true, resume: 'it is not held', promote: 'it is being promoted already', rollBack: true },
  // The watch of the newest rollout of an endpoint: see `superseded`.
  succeeded: { hold: ended, resume: ended, promote: ended, rollBack: true },
  'rolling-back': { hold: back, resume: back, promote: back, rollBack: back },
  'rolled-back': { hold: ended, resume: ended, promote: ended, rollBack: 'it was rolled back already' },
  failed: { hold: ended, resume: ended, promote: ended, rollBack: ended },
}

function allow(state: RolloutState, verb: Verb): Can {
  const answer = table[state][verb]
  return answer === true ? { allowed: true } : { allowed: false, because: answer }
}

export const can = {
  hold: (r: { state: RolloutState }): Can => allow(r.state, 'hold'),
  resume: (r: { state: RolloutState }): Can => allow(r.state, 'resume'),
  promote: (r: { state: RolloutState; plan: Plan | null }): Can =>
    isPromotionHeld(r)
      ? { allowed: false, because: 'its promotion was held half way: resume it or roll it back' }
      : allow(r.state, 'promote'),
  /** `superseded`: a later rollout began at the endpoint, so this one's versions are no longer what serves there. */
  rollBack: (r: { state: RolloutState; superseded: boolean }): Can =>
    r.superseded
      ? { allowed: false, because: 'a later rollout began at this endpoint: start a rollout to the version you want' }
      : allow(r.state, 'rollBack'),
}

/** A hold that came after the promotion had begun: it goes on with its plan, or back by a person. */
export function isPromotionHeld(r: { state: RolloutState; plan: Plan | null }): boolean {
  return r.state === 'held' && r.plan?.kind === 'promotion'
}

export function emptyChain(): Chain {
  return { steps: [], promotion: null, rollback: null }
}

/** The split between the two sides, in whole percents; both are always named. */
export function splitOf(r: Pick<RolloutRow, 'from' | 'to'>, candidatePercent: number) {
  return [
    { versionId: r.from.versionId, percent: 100 - candidatePercent },
    { versionId: r.to.versionId, percent: candidatePercent },
  ]
}

export function resourceOf(r: Pick<RolloutRow, 'id' | 'workspaceId' | 'environment' | 'labels'>) {
  return { kind: 'rollout', id: r.id, workspaceId: r.workspaceId, environment: r.environment, labels: r.labels }
}

export function nameOf(r: Pick<RolloutRow, 'modelName' | 'from' | 'to' | 'environment'>): string {
  return `${r.modelName} ${r.from.version} to ${r.to.version} in ${r.environment}`
}
