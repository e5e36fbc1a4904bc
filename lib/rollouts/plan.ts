import { z } from 'zod'
import { policyDigest as digestOf } from '#lib/platform/policy-digest.ts'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
const percent = z.int().min(0).max(100)
const versionSchema = z.strictObject({ versionId: z.string().min(1), digest })
const weightsSchema = z.array(z.strictObject({ versionId: z.string().min(1), percent })).length(2)

/** One step of a plan: exactly what is done or read, and what must be found. Execution chooses nothing. */
const actionSchema = z.discriminatedUnion('kind', [
  /** The version is there with this digest, is ready and has capacity. */
  z.strictObject({ kind: z.literal('preflight'), version: versionSchema, readyReplicasMin: z.int().min(1) }),
  z.strictObject({
    kind: z.literal('scale-up'),
    versionId: z.string(),
    fromReplicas: z.int().min(0),
    toReplicas: z.int().min(1),
  }),
  z.strictObject({ kind: z.literal('set-weights'), expected: weightsSchema, weights: weightsSchema }),
  z.strictObject({ kind: z.literal('read-weights'), expected: weightsSchema }),
  z.strictObject({
    kind: z.literal('set-alias'),
    model: z.string(),
    alias: z.string(),
    expectedVersionId: z.string().nullable(),
    versionId: z.string(),
  }),
  z.strictObject({
    kind: z.literal('read-alias'),
    model: z.string(),
    alias: z.string(),
    expectedVersionId: z.string(),
  }),
  z.strictObject({
    kind: z.literal('scale-down'),
    versionId: z.string(),
    afterSeconds: z.int().min(0),
    toReplicas: z.int().min(0),
  }),
])

export const planSchema = z.strictObject({
  kind: z.enum(['rollback', 'promotion']),
  rolloutId: z.string().min(1),
  endpointId: z.string().min(1),
  /** The lease's fencing number: sent with every write, so that a superseded plan is refused. */
  fence: z.int().min(0),
  from: versionSchema,
  to: versionSchema,
  policyDigest: z.string(),
  /** In order; a step is done when what it says was read back. `key` makes its effect idempotent. */
  steps: z.array(z.strictObject({ key: z.string(), action: actionSchema })).max(20),
  /** Over all of the above. */
  digest,
})

const planInputSchema = z.strictObject({
  rolloutId: z.string().min(1),
  endpointId: z.string().min(1),
  fence: z.int().min(0),
  policyDigest: z.string(),
  candidate: versionSchema,
  /** Stable for a promotion; for a rollback the target: the last version promoted under a valid approval. */
  stable: versionSchema.nullable(),
  stableApproval: z.enum(['valid', 'expired', 'revoked', 'missing']),
  candidateApproval: z.enum(['valid', 'expired', 'revoked', 'missing']),
  /** The candidate's percent as last read from the data plane. */
  candidatePercent: percent,
  /** `needed` carries all of the traffic. */
  replicas: z.strictObject({
    stable: z.strictObject({ ready: z.int().min(0), desired: z.int().min(0) }),
    candidate: z.strictObject({ ready: z.int().min(0), desired: z.int().min(0) }),
    needed: z.int().min(1),
  }),
  alias: z.strictObject({ model: z.string(), name: z.string(), versionId: z.string().nullable() }),
  scaleDownAfterSeconds: z.int().min(0),
})

export type PlanAction = z.output<typeof actionSchema>
export type Plan = z.output<typeof planSchema>
export type PlanInput = z.output<typeof planInputSchema>

/** A plan, or why there can be none: then the rollout is held and a person is told. */
export type PlanResult = { ok: true; plan: Plan } | { ok: false; because: string }

/**
 * The whole rollback: traffic to stable, read back, registry alias, read back, scale-down of the candidate after a delay.
 * If stable was scaled in, it is scaled up first and the least bad split is applied meanwhile: stable gets the share that
 * its ready replicas carry, and the candidate never more than it has. A target with a revoked approval or without one is
 * refused; an expired one is allowed, since it did serve under a valid one.
 */
export function rollbackPlan(input: PlanInput): PlanResult {
  const { candidate, stable, stableApproval, replicas, alias } = input
  if (stable === null) return refuse('there is no version to go back to')
  if (stableApproval === 'revoked' || stableApproval === 'missing') {
    return refuse(`the approval of the target ${stable.versionId} is ${stableApproval}`)
  }
  const weights = (candidatePercent: number): Weights =>
    weightsOf(stable.versionId, candidate.versionId, candidatePercent)
  const actions: PlanAction[] = []
  let current = input.candidatePercent
  if (replicas.stable.ready < replicas.needed) {
    actions.push(scaleUp(stable.versionId, replicas.stable.desired, replicas.needed))
    const carried = Math.floor((100 * replicas.stable.ready) / replicas.needed)
    const interim = Math.min(current, 100 - carried)
    if (interim < current) actions.push(...moveTraffic(weights(current), weights(interim)))
    current = interim
  }
  actions.push({ kind: 'preflight', version: stable, readyReplicasMin: replicas.needed })
  actions.push(...moveTraffic(weights(current), weights(0)))
  actions.push(...moveAlias(alias, stable.versionId))
  actions.push(scaleDown(candidate.versionId, input.scaleDownAfterSeconds))
  return { ok: true, plan: seal('rollback', input, candidate, stable, actions) }
}

/**
 * The whole promotion: candidate ready with capacity for everything, traffic, read back, registry alias, read back,
 * scale-down of the former stable after a delay. Only under a valid approval.
 */
export function promotionPlan(input: PlanInput): PlanResult {
  const { candidate, stable, candidateApproval, replicas, alias } = input
  if (candidateApproval !== 'valid') return refuse(`the approval of the candidate is ${candidateApproval}`)
  if (stable === null) return refuse('there is no stable version to take the traffic from: deploy instead')
  const weights = (candidatePercent: number): Weights =>
    weightsOf(stable.versionId, candidate.versionId, candidatePercent)
  const actions: PlanAction[] = []
  if (replicas.candidate.ready < replicas.needed) {
    actions.push(scaleUp(candidate.versionId, replicas.candidate.desired, replicas.needed))
  }
  actions.push({ kind: 'preflight', version: candidate, readyReplicasMin: replicas.needed })
  actions.push(...moveTraffic(weights(input.candidatePercent), weights(100)))
  actions.push(...moveAlias(alias, candidate.versionId))
  actions.push(scaleDown(stable.versionId, input.scaleDownAfterSeconds))
  return { ok: true, plan: seal('promotion', input, stable, candidate, actions) }
}

type Weights = z.output<typeof weightsSchema>
type Version = z.output<typeof versionSchema>

function weightsOf(stableId: string, candidateId: string, candidatePercent: number): Weights {
  return [
    { versionId: stableId, percent: 100 - candidatePercent },
    { versionId: candidateId, percent: candidatePercent },
  ]
}

function moveTraffic(expected: Weights, weights: Weights): PlanAction[] {
  return [
    { kind: 'set-weights', expected, weights },
    { kind: 'read-weights', expected: weights },
  ]
}

function moveAlias({ model, name, versionId: expectedVersionId }: PlanInput['alias'], versionId: string): PlanAction[] {
  return [
    { kind: 'set-alias', model, alias: name, expectedVersionId, versionId },
    { kind: 'read-alias', model, alias: name, expectedVersionId: versionId },
  ]
}

function scaleUp(versionId: string, fromReplicas: number, toReplicas: number): PlanAction {
  return { kind: 'scale-up', versionId, fromReplicas, toReplicas: Math.max(fromReplicas, toReplicas) }
}

function scaleDown(versionId: string, afterSeconds: number): PlanAction {
  return { kind: 'scale-down', versionId, afterSeconds, toReplicas: 0 }
}

function seal(kind: Plan['kind'], input: PlanInput, from: Version, to: Version, actions: PlanAction[]): Plan {
  const { rolloutId, endpointId, fence, policyDigest } = input
  const steps = actions.map((action, i) => ({ key: `${rolloutId}/${fence}/${kind}/${i + 1}-${action.kind}`, action }))
  const body = { kind, rolloutId, endpointId, fence, from, to, policyDigest, steps }
  return { ...body, digest: digestOf(body) }
}

function refuse(because: string): PlanResult {
  return { ok: false, because }
}
