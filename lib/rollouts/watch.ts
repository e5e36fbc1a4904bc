import { z } from 'zod'
import { histogramSchema, totalCount } from '#lib/telemetry/histogram.ts'
import { proportionInterval, quantileInterval } from './confidence-sequence.ts'
import { approvalStatusSchema, countsSchema } from './observation.ts'
import { policyDigest } from './policy.ts'
import type { RolloutPolicy, WatchItem } from './policy.ts'
import type { Comparison } from './policy-schema.ts'

const epochMs = z.int()

const windowSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('proportion'), startAt: epochMs, endAt: epochMs, counts: countsSchema }),
  z.strictObject({ kind: z.literal('quantile'), startAt: epochMs, endAt: epochMs, histogram: histogramSchema }),
])

/** All that one item of the watch looks at. Plain JSON, stored with the decision. Times are epoch ms of our clock. */
export const watchObservationSchema = z.strictObject({
  /** When the serving version got all of the traffic; windows that began before are not judged. */
  servingSince: epochMs,
  /** Complete windows of the serving version, oldest first. */
  windows: z.array(windowSchema).max(200),
  /** Did the inputs drift? Null when it is not known. */
  inputsDrifted: z.boolean().nullable(),
  /** The last version that was promoted under a valid approval; null when there is none. */
  target: z
    .strictObject({
      versionId: z.string(),
      approval: approvalStatusSchema,
      /** Is the target better on the present traffic? `because` names the evidence, or what is missing. */
      better: z.enum(['yes', 'no', 'unknown']),
      because: z.string(),
    })
    .nullable(),
  history: z.strictObject({ autoRollbacksOfVersion: z.int().min(0), lastRollbackAt: epochMs.nullable() }),
})

export type WatchObservation = z.output<typeof watchObservationSchema>
type Window = WatchObservation['windows'][number]

export type WatchReasonCode =
  | 'no-data'
  | 'normal'
  | 'degraded'
  | 'breach-not-persistent'
  | 'breach'
  | 'no-target'
  | 'target-revoked'
  | 'target-worse'
  | 'target-not-known-better'
  | 'inputs-drifted'
  | 'even-if-unknown'
  | 'target-better'
  | 'auto-rollbacks-spent'
  | 'cooldown'

export type WatchReason = { code: WatchReasonCode; message: string }

export type WindowVerdict = {
  startAt: number
  endAt: number
  samples: number
  interval: [lo: number, hi: number | null]
  /** By the whole interval; `unknown` below `minSamples`. */
  state: 'normal' | 'degraded' | 'breach' | 'unknown'
}

export type WatchDecision = {
  kind: 'wait' | 'page' | 'hold' | 'rollback'
  /** Whether a person is to be told now. */
  page: boolean
  state: WindowVerdict['state']
  because: WatchReason[]
  unless: string
  /** The windows that were judged, oldest first. */
  windows: WindowVerdict[]
  alpha: number
  policyDigest: string
}

/**
 * One look of the watch that follows a promotion. Pure. A breach needs the whole interval of each of the last `for`
 * consecutive windows in breach, each with `minSamples`; it is then asked whether the target is better. When it is not
 * known to be, or inputs drifted (so that the target may be as wrong as what serves), the answer is hold and page, unless
 * the item says `evenIfUnknown`. A missing, revoked, unapproved or worse target is never rolled back to. `now` is epoch ms.
 */
export function decideWatch(
  item: WatchItem,
  observation: WatchObservation,
  policy: RolloutPolicy,
  now: number,
): WatchDecision {
  // Each window has its own sequence, so this alpha bounds the false breach of one window; asking for several in a row
  // makes a false alarm rarer still.
  const alpha = policy.analysis.alpha / policy.after.length
  const windows = judgeWindows(item, observation, alpha, now)
  const state = windows.at(-1)?.state ?? 'unknown'
  const isBreach = windows.length === item.windowsInARow && windows.every((window) => window.state === 'breach')
  const outcome = isBreach ? answerBreach(item, observation, policy, now) : describeCalm(item, state)
  return { ...outcome, state, windows, alpha, policyDigest: policyDigest(policy) }
}

type Outcome = Pick<WatchDecision, 'kind' | 'page' | 'because' | 'unless'>

function describeCalm(item: WatchItem, state: WindowVerdict['state']): Outcome {
  const { name, minSamples, windowsInARow } = item
  const wait = { kind: 'wait', page: false } as const
  switch (state) {
    case 'unknown': {
      const message = `${name}: no complete, recent window with at least ${minSamples} samples; nothing is known`
      return { ...wait, because: [{ code: 'no-data', message }], unless: 'samples arrive' }
    }
    case 'normal': {
      const message = `${name}: all of the interval is ${formatComparison(item.normal)}`
      return { ...wait, because: [{ code: 'normal', message }], unless: 'it leaves the normal range' }
    }
    case 'degraded': {
      const message = `${name}: neither all normal (${formatComparison(item.normal)}) nor all in breach (${formatComparison(item.breach)})`
      return { ...wait, because: [{ code: 'degraded', message }], unless: 'the whole interval is in breach' }
    }
    case 'breach': {
      const message = `${name}: in breach (${formatComparison(item.breach)}), not yet in ${windowsInARow} windows in a row`
      return {
        ...wait,
        because: [{ code: 'breach-not-persistent', message }],
        unless: 'the next windows are in breach too',
      }
    }
    default:
      state satisfies never
      throw new TypeError(`unknown state ${String(state)}`)
  }
}

function answerBreach(item: WatchItem, observation: WatchObservation, policy: RolloutPolicy, now: number): Outcome {
  const message = `${item.name}: all of the interval is ${formatComparison(item.breach)} in ${item.windowsInARow} windows in a row`
  const breach: WatchReason = { code: 'breach', message }
  if (item.reaction !== 'rollback') {
    return { kind: item.reaction, page: true, because: [breach], unless: 'the interval leaves the breach' }
  }
  const obstacle = findObstacle(observation, policy, now)
  if (obstacle !== null) return holdAndPage([breach, obstacle.reason], obstacle.unless)
  const doubts = findDoubts(observation)
  if (doubts.length > 0 && !item.evenIfUnknown) {
    return holdAndPage([breach, ...doubts], 'the target were known to be better, or a person decides')
  }
  const because: WatchReason[] =
    doubts.length === 0
      ? [{ code: 'target-better', message: `the target is better: ${observation.target?.because ?? ''}` }]
      : [
          ...doubts,
          { code: 'even-if-unknown', message: 'the policy rolls back even if the target is not known to be better' },
        ]
  return { kind: 'rollback', page: true, because: [breach, ...because], unless: 'the interval leaves the breach' }
}

/** What forbids an automatic rollback, whatever `evenIfUnknown` says. */
function findObstacle(
  { target, history }: WatchObservation,
  { limits }: RolloutPolicy,
  now: number,
): { reason: WatchReason; unless: string } | null {
  const person = 'a person decides'
  if (target === null) {
    return { reason: { code: 'no-target', message: 'there is no version to go back to' }, unless: person }
  }
  // An expired approval is allowed: the target did serve under a valid one. A revoked one never is.
  if (target.approval === 'revoked' || target.approval === 'missing') {
    const message = `the approval of the target ${target.versionId} is ${target.approval}`
    return { reason: { code: 'target-revoked', message }, unless: 'the target is approved' }
  }
  if (target.better === 'no') {
    return { reason: { code: 'target-worse', message: `the target is worse: ${target.because}` }, unless: person }
  }
  if (history.autoRollbacksOfVersion >= limits.autoRollbacksPerVersion) {
    const message = `${history.autoRollbacksOfVersion} automatic rollbacks of this version; the limit is ${limits.autoRollbacksPerVersion}`
    return { reason: { code: 'auto-rollbacks-spent', message }, unless: person }
  }
  if (history.lastRollbackAt !== null && now - history.lastRollbackAt < limits.cooldownSeconds * 1000) {
    const message = `the endpoint was rolled back less than ${limits.cooldownSeconds} s ago`
    return { reason: { code: 'cooldown', message }, unless: 'the cooldown ends, or a person decides' }
  }
  return null
}

function findDoubts({ inputsDrifted, target }: WatchObservation): WatchReason[] {
  const doubts: WatchReason[] = []
  if (inputsDrifted !== false) {
    const message = inputsDrifted === null ? 'it is not known whether inputs drifted' : 'the inputs drifted'
    doubts.push({ code: 'inputs-drifted', message: `${message}: the target may be as wrong as what serves` })
  }
  if (target?.better === 'unknown') {
    const message = `the target is not known to be better: ${target.because}`
    doubts.push({ code: 'target-not-known-better', message })
  }
  return doubts
}

function holdAndPage(because: WatchReason[], unless: string): Outcome {
  return { kind: 'hold', page: true, because, unless }
}

/** The last consecutive windows since the promotion, `windowsInARow` at most; none when the newest is out of date. */
function judgeWindows(item: WatchItem, observation: WatchObservation, alpha: number, now: number): WindowVerdict[] {
  const candidates = observation.windows.filter(({ startAt }) => startAt >= observation.servingSince)
  const newest = candidates.at(-1)
  if (newest === undefined || now - newest.endAt > 2 * item.windowSeconds * 1000) return []
  const row: Window[] = []
  for (const window of candidates.toReversed()) {
    const later = row[0]
    if (row.length === item.windowsInARow || (later !== undefined && later.startAt !== window.endAt)) break
    row.unshift(window)
  }
  return row.map((window) => judgeWindow(item, window, alpha))
}

function judgeWindow(item: WatchItem, window: Window, alpha: number): WindowVerdict {
  const { startAt, endAt } = window
  const isRightKind = (window.kind === 'quantile') === (item.quantile !== null)
  const samples = window.kind === 'quantile' ? totalCount(window.histogram) : window.counts.n
  const interval: [number, number | null] =
    window.kind === 'proportion'
      ? proportionInterval(window.counts, alpha)
      : quantileInterval(window.histogram, item.quantile ?? 0.5, alpha)
  const state = samples < item.minSamples || !isRightKind ? 'unknown' : stateOf(item, interval)
  return { startAt, endAt, samples, interval, state }
}

function stateOf({ normal, breach }: WatchItem, interval: [number, number | null]): WindowVerdict['state'] {
  if (holdsThroughout(breach, interval)) return 'breach'
  return holdsThroughout(normal, interval) ? 'normal' : 'degraded'
}

function holdsThroughout({ op, value }: Comparison, [lo, end]: [number, number | null]): boolean {
  const hi = end ?? Infinity
  switch (op) {
    case '<':
      return hi < value
    case '<=':
      return hi <= value
    case '>':
      return lo > value
    case '>=':
      return lo >= value
    default:
      op satisfies never
      return false
  }
}

function formatComparison({ op, value }: Comparison): string {
  return `${op} ${value}`
}
