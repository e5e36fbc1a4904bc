import { unreachable } from '#lib/platform/errors.ts'
import type { MetricVerdict } from './metric-verdict.ts'

/** What a rule of a decision said. `code` is stable for machines, `message` is for people. */
export type Reason = { code: ReasonCode; message: string; metric: string | null }

export type ReasonCode =
  | 'ended'
  | 'rolling-back'
  | 'person-abort'
  | 'person-hold'
  | 'breaker-tripped'
  | 'approval-revoked'
  | 'approval-expired'
  | 'approval-missing'
  | 'changed-by-other'
  | 'candidate-unready'
  | 'frozen'
  | 'metric-critical-fail'
  | 'metric-fail'
  | 'metric-no-data'
  | 'metric-continue'
  | 'metric-pass'
  | 'inconclusive'
  | 'held'
  | 'promoting'
  | 'cooldown'
  | 'version-was-rolled-back'
  | 'traffic-unverified'
  | 'readiness-unknown'
  | 'too-early'
  | 'too-few-requests'
  | 'step-passed'
  | 'first-step'
  | 'last-step-passed'

export type Decision = {
  kind: 'wait' | 'advance' | 'hold' | 'rollback' | 'finish'
  because: Reason[]
  /** What would change the decision. */
  unless: string
  metrics: MetricVerdict[]
  /** The step to begin with `advance`; null otherwise. */
  next: { stepIndex: number; candidatePercent: number } | null
  /** Epoch ms at which time alone may change the decision; null when only an event does. */
  reviewAt: number | null
  policyDigest: string
}

/** One sentence about a metric's verdict, with its interval, margin, samples and alpha. */
export function describeMetric(metric: MetricVerdict): string {
  if (metric.noDataBecause !== null) return `${metric.name}: ${metric.noDataBecause}`
  const { margin, verdict } = metric
  const isAbsolute = !('notWorseThan' in margin)
  const subject = isAbsolute
    ? 'candidate'
    : 'ratio' in margin.notWorseThan
      ? 'candidate / stable'
      : 'candidate - stable'
  const interval = formatInterval(isAbsolute ? metric.candidate : metric.difference)
  const samples = `${metric.samples.stable} stable and ${metric.samples.candidate} candidate samples`
  const words = verdictWords(verdict)
  const alpha = formatNumber(metric.alpha)
  return `${metric.name}: ${subject} lies in ${interval}, ${words} ${describeMargin(metric)} (${samples}, alpha ${alpha})`
}

function describeMargin({ margin, of }: MetricVerdict): string {
  if ('atLeast' in margin) return `the limit of at least ${margin.atLeast}`
  if ('atMost' in margin) return `the limit of at most ${margin.atMost}`
  if ('ratio' in margin.notWorseThan) return `the allowed factor ${margin.notWorseThan.ratio}`
  const direction = of.startsWith('telemetry.') ? 'rise' : 'fall'
  return `the allowed ${direction} of ${margin.notWorseThan.by}`
}

function verdictWords(verdict: MetricVerdict['verdict']): string {
  switch (verdict) {
    case 'pass':
      return 'all of it within'
    case 'fail':
      return 'all of it outside of'
    case 'continue':
      return 'not yet all on one side of'
    case 'noData':
      return 'without samples for'
    default:
      return unreachable(verdict)
  }
}

function formatInterval([lo, hi]: readonly [number | null, number | null]): string {
  return `[${lo === null ? '-∞' : formatNumber(lo)}, ${hi === null ? '∞' : formatNumber(hi)}]`
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}
