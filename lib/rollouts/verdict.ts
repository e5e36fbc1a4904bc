import { totalCount } from '#lib/telemetry/histogram.ts'
import type { Histogram } from '#lib/telemetry/histogram.ts'
import { proportionInterval, quantileInterval } from './confidence-sequence.ts'
import type { Counts, HalfOpenInterval, Interval } from './confidence-sequence.ts'

export type Verdict = 'pass' | 'fail' | 'continue' | 'noData'

/** Which direction of the figure is good: errors and latencies are `lower`, accuracies are `higher`. */
export type Better = 'lower' | 'higher'

/** What is asked of the candidate: no worse than stable by a margin, or an absolute limit. Exactly one. */
export type ProportionRule = { notWorseThan: { by: number } } | { atLeast: number } | { atMost: number }

export type QuantileRule =
  | { notWorseThan: { by: number } | { ratio: number } }
  | { atLeast: number }
  | { atMost: number }

export type ProportionJudgement = {
  verdict: Verdict
  /** candidate - stable. */
  difference: Interval
  stable: Interval
  candidate: Interval
}

export type QuantileJudgement = {
  verdict: Verdict
  /** candidate - stable in ms, or candidate / stable for a ratio margin. */
  difference: [lo: number | null, hi: number | null]
  stable: HalfOpenInterval
  candidate: HalfOpenInterval
}

/**
 * The sequential non-inferiority verdict on a proportion. One confidence sequence per side at alpha/2, so the difference
 * lies in [Lc-Us, Uc-Ls] at every look at once with probability 1-alpha: `fail` when all of it is worse than the margin,
 * `pass` when all of it is within, else `continue`. An absolute limit is judged on the candidate's interval at alpha.
 * A side without samples is `noData`, never `pass`. Throws RangeError for bad counts or alpha.
 */
export function judgeProportion(
  input: { stable: Counts; candidate: Counts; alpha: number; better: Better } & ProportionRule,
): ProportionJudgement {
  const sideAlpha = 'notWorseThan' in input ? input.alpha / 2 : input.alpha
  const stable = proportionInterval(input.stable, sideAlpha)
  const candidate = proportionInterval(input.candidate, sideAlpha)
  const difference: Interval = [candidate[0] - stable[1], candidate[1] - stable[0]]
  const shown = { difference, stable, candidate }
  if (input.stable.n === 0 || input.candidate.n === 0) return { verdict: 'noData', ...shown }
  if (!('notWorseThan' in input)) return { verdict: judgeLimit(candidate, input), ...shown }
  return { verdict: judgeMargin(difference, input.notWorseThan.by, input.better), ...shown }
}

/**
 * The same verdict on the q-quantile of a latency, from histograms, with a margin in ms (`by`), as a factor of stable
 * (`ratio`), or an absolute limit in ms. Intervals are widened by the buckets, so a coarse source passes and fails later,
 * never wrongly.
 */
export function judgeQuantile(
  input: { stable: Histogram; candidate: Histogram; quantile: number; alpha: number; better: Better } & QuantileRule,
): QuantileJudgement {
  const sideAlpha = 'notWorseThan' in input ? input.alpha / 2 : input.alpha
  const stable = quantileInterval(input.stable, input.quantile, sideAlpha)
  const candidate = quantileInterval(input.candidate, input.quantile, sideAlpha)
  const isRatio = 'notWorseThan' in input && 'ratio' in input.notWorseThan
  const difference = isRatio ? ratioOf(candidate, stable) : differenceOf(candidate, stable)
  const shown = { difference, stable, candidate }
  if (totalCount(input.stable) === 0 || totalCount(input.candidate) === 0) return { verdict: 'noData', ...shown }
  if (!('notWorseThan' in input)) return { verdict: judgeLimit(candidate, input), ...shown }
  if ('by' in input.notWorseThan) {
    return { verdict: judgeMargin(difference, input.notWorseThan.by, input.better), ...shown }
  }
  // A factor r is allowed upwards when lower is better; when higher is better the candidate may fall to 1/r of stable.
  const { ratio } = input.notWorseThan
  const rule = input.better === 'lower' ? { atMost: ratio } : { atLeast: 1 / ratio }
  return { verdict: judgeLimit(difference, rule), ...shown }
}

/**
 * The alpha of one metric at one judged step: Bonferroni's equal shares, so that the whole rollout's chance of a false
 * `fail` is at most `policyAlpha`. Looks need no share: the sequences are valid at every look.
 */
export function alphaShare(policyAlpha: number, metrics: number, judgedSteps: number): number {
  if (!(policyAlpha > 0 && policyAlpha < 1)) {
    throw new RangeError(`alpha must be between 0 and 1 (exclusive), not ${policyAlpha}`)
  }
  for (const [name, value] of Object.entries({ metrics, judgedSteps })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer, not ${value}`)
  }
  return policyAlpha / (metrics * judgedSteps)
}

function judgeMargin(difference: readonly (number | null)[], margin: number, better: Better): Verdict {
  return judgeLimit(difference, better === 'lower' ? { atMost: margin } : { atLeast: -margin })
}

function judgeLimit(interval: readonly (number | null)[], rule: { atLeast: number } | { atMost: number }): Verdict {
  const lo = interval[0] ?? -Infinity
  const hi = interval[1] ?? Infinity
  if ('atMost' in rule) {
    if (lo > rule.atMost) return 'fail'
    return hi <= rule.atMost ? 'pass' : 'continue'
  }
  if (hi < rule.atLeast) return 'fail'
  return lo >= rule.atLeast ? 'pass' : 'continue'
}

function differenceOf(candidate: HalfOpenInterval, stable: HalfOpenInterval): [number | null, number | null] {
  return [stable[1] === null ? null : candidate[0] - stable[1], candidate[1] === null ? null : candidate[1] - stable[0]]
}

function ratioOf(candidate: HalfOpenInterval, stable: HalfOpenInterval): [number, number | null] {
  const lo = stable[1] === null ? 0 : candidate[0] / stable[1]
  return [lo, candidate[1] === null || stable[0] === 0 ? null : candidate[1] / stable[0]]
}
