import { z } from 'zod'
import { histogramSchema } from '#lib/telemetry/histogram.ts'

const epochMs = z.int()
const percent = z.int().min(0).max(100)

export const rolloutStates = [
  'pending',
  'progressing',
  'held',
  'promoting',
  'succeeded',
  'rolling-back',
  'rolled-back',
  'failed',
] as const

export const countsSchema = z
  .strictObject({ n: z.int().min(0).max(1e9), k: z.int().min(0) })
  .refine(({ n, k }) => k <= n, { message: 'k must not be greater than n', path: ['k'] })

/**
 * What one metric measured since the step's warm-up, on both sides over the same time. `trafficGeneration` is that of the
 * weights under which the samples were served: samples of another generation are never judged (Simpson's trap).
 * k counts errors for telemetry.errors and correct or good answers for quality.*.
 */
const measurementSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('proportion'),
    name: z.string(),
    trafficGeneration: z.int(),
    stable: countsSchema,
    candidate: countsSchema,
    labelDelaySeconds: z.number().min(0).default(0),
  }),
  z.strictObject({
    kind: z.literal('quantile'),
    name: z.string(),
    trafficGeneration: z.int(),
    stable: histogramSchema,
    candidate: histogramSchema,
    labelDelaySeconds: z.number().min(0).default(0),
  }),
])

/** Approval of the candidate for this environment, as read when observing. */
export const approvalStatusSchema = z.enum(['valid', 'expired', 'revoked', 'missing'])

const trafficReadingSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('observed'),
    candidatePercent: percent,
    /** Who else wrote the route last; null when it was us. */
    otherManager: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('unreachable'), because: z.string() }),
])

/**
 * All that a decision on a rollout looks at. Plain JSON: it is stored with the decision and can be replayed. Times are
 * epoch ms of our clock.
 */
export const rolloutObservationSchema = z.strictObject({
  state: z.enum(rolloutStates),
  /** -1 until the first step has begun. */
  stepIndex: z.int().min(-1),
  /** When the step's weights were read back from the data plane; null until then. */
  stepStartedAt: epochMs.nullable(),
  /** The traffic generation of the step's weights; null until they were read back. */
  stepGeneration: z.int().nullable(),
  heldBecause: z.string().nullable(),
  traffic: z.strictObject({
    intendedCandidatePercent: percent,
    reading: trafficReadingSchema,
    /** The data plane's latched trip, if any: it went to stable by itself. */
    breaker: z.strictObject({ tripId: z.string(), because: z.string() }).nullable(),
  }),
  /** `ready` is null when it could not be read; `since` is when it last changed. */
  candidate: z.strictObject({ ready: z.boolean().nullable(), since: epochMs, because: z.string() }),
  approval: approvalStatusSchema,
  /** The name of the freeze window in force, if any. */
  freeze: z.string().nullable(),
  /** The person's last request that was not yet answered. */
  request: z
    .strictObject({ kind: z.enum(['abort', 'hold', 'resume']), by: z.string(), reason: z.string(), at: epochMs })
    .nullable(),
  /** Requests served since the step's warm-up. */
  requests: z.strictObject({ stable: z.int().min(0), candidate: z.int().min(0) }),
  metrics: z.array(measurementSchema).max(50),
  history: z.strictObject({ autoRollbacksOfVersion: z.int().min(0), lastRollbackAt: epochMs.nullable() }),
})

export type RolloutObservation = z.output<typeof rolloutObservationSchema>
export type Measurement = RolloutObservation['metrics'][number]
export type RolloutState = RolloutObservation['state']
