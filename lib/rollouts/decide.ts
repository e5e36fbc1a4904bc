import { z } from 'zod'
import { describeMetric } from './decision.ts'
import type { Decision, Reason, ReasonCode } from './decision.ts'
import { judgeMetrics } from './metric-verdict.ts'
import type { MetricVerdict } from './metric-verdict.ts'
import { rolloutObservationSchema } from './observation.ts'
import type { RolloutObservation } from './observation.ts'
import { policyDigest } from './policy.ts'
import type { PolicyStep, RolloutPolicy } from './policy.ts'
import { findSafetyTroubles } from './safety.ts'

/** What the levels of the decision look at. `startedAt` counts from a person's resume when that came later. */
type Facts = {
  observation: RolloutObservation
  policy: RolloutPolicy
  now: number
  step: PolicyStep | null
  startedAt: number | null
  isResumed: boolean
  metrics: MetricVerdict[]
}

type Outcome = Pick<Decision, 'kind' | 'because' | 'unless'> & Partial<Pick<Decision, 'next' | 'reviewAt'>>

// The precedence: the first level that has something to say decides. A held rollout is still rolled back by what comes
// before `assessHold`; what comes after needs a person's resume first.
const levels: ((facts: Facts) => Outcome | null)[] = [
  assessEnd,
  assessAbort,
  assessSafety,
  assessPromotion,
  (facts) => assessFailures(facts, true),
  (facts) => assessFailures(facts, false),
  assessHold,
  assessStart,
  assessNoData,
  assessInconclusive,
  assessAdvance,
]

// The obstacles that only samples remove: when the step's time is over they make it inconclusive.
const sampleObstacles = new Set<ReasonCode>(['metric-continue', 'metric-no-data', 'too-few-requests'])

/**
 * What to do with a rollout now. Pure and total: the same observation, policy and `now` (epoch ms) give the same answer,
 * whatever the state. Precedence: person's abort → safety → critical fail → fail → no data → inconclusive → advance →
 * wait; but where safety only holds, a fail that rolls back outranks it. Fails count as soon as they are seen (the sequences are valid at every look); `atLeast` and `minRequests` only
 * delay advancing. Missing data never advances.
 */
export function decide(observation: RolloutObservation, policy: RolloutPolicy, now: number): Decision {
  const facts = gatherFacts(observation, policy, now)
  let outcome: Outcome | null = null
  for (const level of levels) {
    outcome = level(facts)
    if (outcome !== null) break
  }
  const decided = outcome ?? waitForSamples(facts)
  return {
    kind: decided.kind,
    because: decided.because,
    unless: decided.unless,
    metrics: facts.metrics,
    next: decided.next ?? null,
    reviewAt: decided.reviewAt ?? null,
    policyDigest: policyDigest(policy),
  }
}

const storedObservationSchema = z.object({ observation: rolloutObservationSchema, now: z.number() })

/**
 * Decides again on a stored observation (`{ observation, now }`, as JSON.parse returns it). Under the policy of then it
 * gives the decision of then; under another one it is the what-if. Throws ZodError for another shape.
 */
export function replay(stored: unknown, policy: RolloutPolicy): Decision {
  const { observation, now } = storedObservationSchema.parse(stored)
  return decide(observation, policy, now)
}

function gatherFacts(observation: RolloutObservation, policy: RolloutPolicy, now: number): Facts {
  const { request, stepStartedAt, state } = observation
  const step = policy.steps[observation.stepIndex] ?? null
  const isResumed = request?.kind === 'resume'
  const isJudged = (step?.judge ?? null) !== null && (state === 'progressing' || state === 'held')
  return {
    observation,
    policy,
    now,
    step,
    isResumed,
    startedAt: isResumed && stepStartedAt !== null ? Math.max(stepStartedAt, request.at) : stepStartedAt,
    metrics: isJudged ? judgeMetrics(observation, policy) : [],
  }
}

function assessEnd({ observation: { state } }: Facts): Outcome | null {
  if (state === 'rolling-back') {
    const because = [reason('rolling-back', 'the rollback is under way; its plan is carried out to its end')]
    return { kind: 'wait', because, unless: 'the plan ends' }
  }
  if (state !== 'succeeded' && state !== 'rolled-back' && state !== 'failed') return null
  return { kind: 'wait', because: [reason('ended', `the rollout has ended: ${state}`)], unless: 'a new rollout begins' }
}

function assessAbort({ observation: { request } }: Facts): Outcome | null {
  if (request?.kind !== 'abort') return null
  const because = [reason('person-abort', `${request.by} aborted the rollout: ${request.reason}`)]
  return { kind: 'rollback', because, unless: 'nothing: a person decided' }
}

function assessSafety(facts: Facts): Outcome | null {
  const troubles = findSafetyTroubles(facts)
  if (troubles.length === 0) return null
  const because = troubles.map(({ reason }) => reason)
  // After promotion starts, the healthy side is no longer known to be stable: no machine moves traffic back blindly.
  if (facts.observation.state === 'promoting') {
    because.push(reason('promoting', 'the promotion has begun, so stable is not known to be the healthy side'))
    return { kind: 'hold', because, unless: 'a person looks at both sides and resumes or aborts' }
  }
  const kind = troubles.some(({ reaction }) => reaction === 'rollback') ? 'rollback' : 'hold'
  const failure = kind === 'hold' ? findFailureToRollBack(facts) : null
  if (failure !== null) return { ...failure, because: [...failure.because, ...because] }
  const cures = troubles.filter(({ reaction }) => reaction === kind).map(({ cure }) => cure)
  return { kind, because, unless: cures.join(', and ') }
}

// A hold leaves the candidate what it has: what is only to be held is still taken back when its metrics ask for that.
function findFailureToRollBack(facts: Facts): Outcome | null {
  const failures = [assessFailures(facts, true), assessFailures(facts, false)]
  return failures.find((failure) => failure?.kind === 'rollback') ?? null
}

function assessPromotion({ observation: { state } }: Facts): Outcome | null {
  if (state !== 'promoting') return null
  const because = [reason('promoting', 'the promotion is under way; its plan is carried out to its end')]
  return { kind: 'wait', because, unless: 'the plan ends, a person aborts, or the candidate breaks' }
}

function assessFailures({ metrics, policy }: Facts, critical: boolean): Outcome | null {
  const failed = metrics.filter((metric) => metric.verdict === 'fail' && (metric.critical || !critical))
  if (failed.length === 0) return null
  const code = critical ? 'metric-critical-fail' : 'metric-fail'
  return {
    kind: critical ? 'rollback' : policy.on.fail,
    because: failed.map((metric) => metricReason(code, metric)),
    unless: `the interval of ${failed.map(({ name }) => name).join(', ')} reached back within its margin`,
  }
}

function assessHold({ observation, isResumed }: Facts): Outcome | null {
  const { request, state, heldBecause } = observation
  const unless = 'a person resumes or aborts the rollout, or a metric fails'
  if (request?.kind === 'hold') {
    return {
      kind: 'hold',
      because: [reason('person-hold', `${request.by} held the rollout: ${request.reason}`)],
      unless,
    }
  }
  if (state !== 'held' || isResumed) return null
  return {
    kind: 'wait',
    because: [reason('held', `the rollout is held: ${heldBecause ?? 'no reason is recorded'}`)],
    unless,
  }
}

/** Before the first step: cooldown and the limit of automatic rollbacks, which only a person may pass over. */
function assessStart({ observation, policy, now, isResumed }: Facts): Outcome | null {
  if (observation.stepIndex >= 0) return null
  const { candidate, history } = observation
  const { cooldownSeconds, autoRollbacksPerVersion } = policy.limits
  const coolAt = history.lastRollbackAt === null ? now : history.lastRollbackAt + cooldownSeconds * 1000
  if (!isResumed && history.autoRollbacksOfVersion > 0 && history.autoRollbacksOfVersion >= autoRollbacksPerVersion) {
    const message = `this version was rolled back automatically ${history.autoRollbacksOfVersion} times; the limit is ${autoRollbacksPerVersion}`
    return {
      kind: 'hold',
      because: [reason('version-was-rolled-back', message)],
      unless: 'a person resumes the rollout',
    }
  }
  if (!isResumed && coolAt > now) {
    const message = `the endpoint was rolled back less than ${cooldownSeconds} s ago`
    return { kind: 'wait', because: [reason('cooldown', message)], unless: 'the cooldown ends', reviewAt: coolAt }
  }
  if (candidate.ready !== true) {
    const code = candidate.ready === null ? 'readiness-unknown' : 'candidate-unready'
    const because = [reason(code, `the candidate is not known to be ready: ${candidate.because}`)]
    return { kind: 'wait', because, unless: 'the candidate is read as ready' }
  }
  const because = [reason('first-step', 'the candidate is ready and approved')]
  return { kind: 'advance', because, unless: 'the candidate were unready or not approved', next: nextStep(policy, 0) }
}

function assessNoData(facts: Facts): Outcome | null {
  const { metrics, policy, now, startedAt } = facts
  if (startedAt === null) return null
  const { holdForSeconds, reaction } = policy.on.noData
  const overdue = metrics.filter((metric) => {
    const countsFrom = startedAt + (policy.analysis.warmupSeconds + metric.labelDelaySeconds) * 1000
    return metric.verdict === 'noData' && now - countsFrom >= holdForSeconds * 1000
  })
  if (overdue.length === 0) return null
  return {
    kind: reaction,
    because: overdue.map((metric) => metricReason('metric-no-data', metric)),
    unless: `samples of ${overdue.map(({ name }) => name).join(', ')} arrive on both sides`,
  }
}

function assessInconclusive(facts: Facts): Outcome | null {
  const { step, policy, now, startedAt } = facts
  const judge = step?.judge ?? null
  if (step === null || judge === null || startedAt === null) return null
  const open = findObstacles(facts).filter(({ code }) => sampleObstacles.has(code))
  if (now - startedAt < judge.atMostSeconds * 1000 || open.length === 0) return null
  const message = `${judge.atMostSeconds} s at ${step.weight} % have passed without a verdict`
  return {
    kind: policy.on.inconclusive,
    because: [reason('inconclusive', message), ...open],
    unless: 'more samples would decide; a person resumes the step, or aborts',
  }
}

function assessAdvance(facts: Facts): Outcome | null {
  const { observation, policy, step, metrics } = facts
  if (step === null || findObstacles(facts).length > 0) return null
  const because = metrics.map((metric) => metricReason('metric-pass', metric))
  const unless = 'a metric left its margin, or the candidate, its approval or its traffic changed'
  const next = nextStep(policy, observation.stepIndex + 1)
  if (next === null) {
    const done = reason('last-step-passed', 'the last step has passed')
    return { kind: 'finish', because: [done, ...because], unless }
  }
  const message = `the step at ${step.weight} % has passed; the next is ${next.candidatePercent} %`
  return { kind: 'advance', because: [reason('step-passed', message), ...because], unless, next }
}

function waitForSamples(facts: Facts): Outcome {
  const { step, startedAt } = facts
  const because = findObstacles(facts)
  const judge = step?.judge ?? null
  const ends = judge === null || startedAt === null ? null : startedAt + judge.atMostSeconds * 1000
  const starts = judge === null || startedAt === null ? null : startedAt + judge.atLeastSeconds * 1000
  return {
    kind: 'wait',
    because,
    unless: 'all metrics pass, one fails, or the time of the step ends',
    reviewAt: starts !== null && starts > facts.now ? starts : ends,
  }
}

/** What keeps the present step from being passed. Unknown is an obstacle. */
function findObstacles({ observation, step, metrics, now, startedAt }: Facts): Reason[] {
  const found: Reason[] = []
  const { reading } = observation.traffic
  if (reading.kind === 'unreachable') {
    found.push(reason('traffic-unverified', `the data plane cannot be read: ${reading.because}`))
  } else if (startedAt === null)
    found.push(reason('traffic-unverified', 'the weights of the step were not read back yet'))
  if (observation.candidate.ready !== true) {
    found.push(reason('readiness-unknown', `the candidate is not known to be ready: ${observation.candidate.because}`))
  }
  for (const metric of metrics) {
    if (metric.verdict === 'continue') found.push(metricReason('metric-continue', metric))
    if (metric.verdict === 'noData') found.push(metricReason('metric-no-data', metric))
  }
  if (step === null) found.push(reason('traffic-unverified', `the policy has no step ${observation.stepIndex}`))
  const judge = step?.judge ?? null
  if (judge === null || startedAt === null) return found
  const { atLeastSeconds, minRequests } = judge
  if (now - startedAt < atLeastSeconds * 1000) {
    found.push(reason('too-early', `the step lasts at least ${atLeastSeconds} s`))
  }
  if (observation.requests.candidate < minRequests) {
    const message = `the candidate served ${observation.requests.candidate} of at least ${minRequests} requests`
    found.push(reason('too-few-requests', message))
  }
  return found
}

function nextStep(policy: RolloutPolicy, stepIndex: number): Decision['next'] {
  const step = policy.steps[stepIndex]
  return step === undefined ? null : { stepIndex, candidatePercent: step.weight }
}

function metricReason(code: ReasonCode, metric: MetricVerdict): Reason {
  return { code, message: describeMetric(metric), metric: metric.name }
}

function reason(code: ReasonCode, message: string): Reason {
  return { code, message, metric: null }
}
