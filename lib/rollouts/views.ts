import { describeAction, describeRollout } from './describe-rollout.ts'
import type { Can, Chain, RolloutRow, StoredDecision, WatchState } from './model.ts'
import type { Decision } from './decision.ts'
import type { RolloutObservation, RolloutState } from './observation.ts'
import type { PlanAction } from './plan.ts'
import type { PolicyStep, RolloutPolicy } from './policy.ts'

export type RolloutView = {
  id: string
  endpoint: { id: string; name: string }
  model: { id: string; name: string }
  environment: { id: string; name: string; protected: boolean }
  from: { versionId: string; version: string; digest: string }
  to: { versionId: string; version: string; digest: string }
  state: RolloutState
  /** Why, in one sentence. */
  because: string
  /** -1 until the first step has begun. */
  step: number
  steps: number
  /** The candidate's percent as intended. */
  weight: number
  policyName: string
  rollbackBy: 'person' | 'machine' | null
  requestedBy: { id: string; name: string }
  createdAt: Date
  endedAt: Date | null
}

export type StepView = {
  index: number
  weight: number
  judge: PolicyStep['judge']
  progress: 'passed' | 'present' | 'ahead'
  intendedAt: string | null
  verifiedAt: string | null
  generation: number | null
}

export type PlanView = {
  kind: 'rollback' | 'promotion'
  digest: string
  from: string
  to: string
  steps: {
    key: string
    text: string
    action: PlanAction
    progress: 'done' | 'present' | 'ahead'
    /** What came of it, and what was found before it succeeded. */
    outcomes: { at: string; outcome: string }[]
  }[]
}

export type RolloutDetail = RolloutView & {
  approvalId: string | null
  policy: RolloutPolicy
  policyDigest: string
  heldBecause: string | null
  stepStartedAt: Date | null
  stepGeneration: number | null
  stepViews: StepView[]
  /** The newest stored decision with its metrics, intervals, margins and samples, and when it was made (epoch ms). */
  decision: StoredDecision | null
  chain: Chain
  plan: PlanView | null
  watch: WatchState | null
  /** A later rollout began at the endpoint. */
  superseded: boolean
  /** What the caller may do, and if not, why. */
  mine: { hold: Can; resume: Can; promote: Can; rollBack: Can }
}

/** As `replay` takes it, with the decision of then. */
export type ObservationRow = {
  id: string
  at: Date
  policyDigest: string
  observation: { observation: RolloutObservation; now: number }
  decision: Decision
}

export function toView(row: RolloutRow): RolloutView {
  const { from, to } = row
  return {
    id: row.id,
    endpoint: { id: row.endpointId, name: row.endpointName },
    model: { id: row.modelId, name: row.modelName },
    environment: { id: row.environmentId, name: row.environment, protected: row.protected },
    from: { versionId: from.versionId, version: from.version, digest: from.digest },
    to: { versionId: to.versionId, version: to.version, digest: to.digest },
    state: row.state,
    because: describeRollout(row),
    step: row.step,
    steps: row.policy.steps.length,
    weight: row.weight,
    policyName: row.policyName,
    rollbackBy: row.rollbackBy,
    requestedBy: { id: row.requestedBy.id, name: row.requestedBy.name },
    createdAt: row.createdAt,
    endedAt: row.endedAt,
  }
}

export function toDetail(row: RolloutRow, superseded: boolean, mine: RolloutDetail['mine']): RolloutDetail {
  return {
    ...toView(row),
    approvalId: row.approvalId,
    policy: row.policy,
    policyDigest: row.policyDigest,
    heldBecause: row.heldBecause,
    stepStartedAt: row.stepStartedAt,
    stepGeneration: row.stepGeneration,
    stepViews: row.policy.steps.map((step, index) => toStep(row, step, index)),
    decision: row.decision,
    chain: row.chain,
    plan: toPlan(row),
    watch: row.watch,
    superseded,
    mine,
  }
}

function toStep(row: RolloutRow, step: PolicyStep, index: number): StepView {
  const record = row.chain.steps.findLast((each) => each.step === index)
  const isPast = index < row.step || (index === row.step && row.chain.promotion !== null)
  return {
    index,
    weight: step.weight,
    judge: step.judge,
    progress: isPast ? 'passed' : index === row.step ? 'present' : 'ahead',
    intendedAt: record?.intendedAt ?? null,
    verifiedAt: record?.verifiedAt ?? null,
    generation: record?.generation ?? null,
  }
}

function toPlan({ plan, planStep, chain }: RolloutRow): PlanView | null {
  if (plan === null) return null
  const outcomes = (plan.kind === 'rollback' ? chain.rollback : chain.promotion)?.outcomes ?? []
  const { kind, digest, from, to } = plan
  const steps = plan.steps.map(({ key, action }, i) => ({
    key,
    text: describeAction(action),
    action,
    progress: i < planStep ? ('done' as const) : i === planStep ? ('present' as const) : ('ahead' as const),
    outcomes: outcomes.filter((each) => each.key === key).map(({ at, outcome }) => ({ at, outcome })),
  }))
  return { kind, digest, from: from.versionId, to: to.versionId, steps }
}
