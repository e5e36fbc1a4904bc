import type { MetricVerdict } from '#lib/rollouts/metric-verdict.ts'
import type { RolloutState } from '#lib/rollouts/observation.ts'
import { formatInterval, formatNumber } from '../../../../_ui/format.ts'
import type { StatusOf } from '../../../../_ui/status.tsx'

type Words = { of: StatusOf; word: string }

const states: Record<RolloutState, Words> = {
  pending: { of: 'pending', word: 'Waiting for the candidate' },
  progressing: { of: 'canary', word: 'Canary' },
  held: { of: 'held', word: 'Held' },
  promoting: { of: 'running', word: 'Promoting' },
  succeeded: { of: 'finished', word: 'Promoted' },
  'rolling-back': { of: 'rolling-back', word: 'Rolling back' },
  'rolled-back': { of: 'rolled-back', word: 'Rolled back' },
  failed: { of: 'failed', word: 'Failed, needs a person' },
}

/** The state in words, with the weight where it says something. */
export function stateWords(rollout: { state: RolloutState; weight: number }): Words {
  const { of, word } = states[rollout.state]
  const weighted = rollout.state === 'progressing' || rollout.state === 'held'
  return { of, word: weighted ? `${word} at ${rollout.weight} %` : word }
}

/** `pass` and its like as they are shown; `continue` is not yet a verdict. */
export const verdictStatus: Record<MetricVerdict['verdict'], Words> = {
  pass: { of: 'pass', word: 'Pass' },
  fail: { of: 'fail', word: 'Fail' },
  continue: { of: 'running', word: 'Not decided yet' },
  noData: { of: 'no-data', word: 'No data' },
}

/** How numbers of a metric are shown: proportions as per cent, latencies in ms, and what one number is multiplied with. */
export type Scale = { unit: string; differenceUnit: string; factor: number; digits: number }

export function scaleOf(metric: Pick<MetricVerdict, 'of' | 'margin'>): Scale {
  const ratio = 'notWorseThan' in metric.margin && 'ratio' in metric.margin.notWorseThan
  if (metric.of === 'telemetry.latencyMs') {
    return { unit: 'ms', differenceUnit: ratio ? '×' : 'ms', factor: 1, digits: ratio ? 2 : 1 }
  }
  return { unit: '%', differenceUnit: 'pp', factor: 100, digits: 2 }
}

/** The margin on the scale of the difference: what the interval has to stay below or above. */
export function marginOf(metric: Pick<MetricVerdict, 'of' | 'margin'>): {
  value: number
  breach: 'above' | 'below'
  words: string
  /** The judged interval is that of the candidate alone, not the difference. */
  absolute: boolean
} {
  const { margin, of } = metric
  const { differenceUnit, unit, factor } = scaleOf(metric)
  const plain = (value: number, of: string) => formatNumber(value * factor, of, decimals(value * factor))
  if ('atMost' in margin) {
    return { value: margin.atMost, breach: 'above', words: `at most ${plain(margin.atMost, unit)}`, absolute: true }
  }
  if ('atLeast' in margin) {
    return { value: margin.atLeast, breach: 'below', words: `at least ${plain(margin.atLeast, unit)}`, absolute: true }
  }
  const lower = of.startsWith('telemetry.')
  if ('ratio' in margin.notWorseThan) {
    const { ratio } = margin.notWorseThan
    const words = `at most ${formatNumber(ratio, '×', decimals(ratio))} of stable`
    return { value: lower ? ratio : 1 / ratio, breach: lower ? 'above' : 'below', words, absolute: false }
  }
  const { by } = margin.notWorseThan
  const words = `${lower ? 'no rise' : 'no fall'} above ${plain(by, differenceUnit)}`
  return { value: lower ? by : -by, breach: lower ? 'above' : 'below', words, absolute: false }
}

/** An interval in words; an open end says so. */
export function intervalWords(
  [lo, hi]: readonly [number | null, number | null],
  unit: string,
  factor: number,
  digits: number,
): string {
  if (lo === null && hi === null) return 'anything'
  if (hi === null) return `above ${formatNumber((lo ?? 0) * factor, unit, digits)}`
  if (lo === null) return `below ${formatNumber(hi * factor, unit, digits)}`
  return formatInterval(lo * factor, hi * factor, unit, digits)
}

function decimals(value: number): number {
  return Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2
}
