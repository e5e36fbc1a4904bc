import { emptyHistogram, totalCount } from '#lib/telemetry/histogram.ts'
import type { Measurement, RolloutObservation } from './observation.ts'
import { isLowerBetter } from './policy-schema.ts'
import { judgedStepsCount } from './policy.ts'
import type { PolicyMetric, RolloutPolicy } from './policy.ts'
import { alphaShare, judgeProportion, judgeQuantile } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** One metric of one look, with all that the verdict rests on. */
export type MetricVerdict = {
  name: string
  of: string
  critical: boolean
  verdict: Verdict
  /** The metric's rule, as in the policy. */
  margin: PolicyMetric['rule']
  alpha: number
  samples: { stable: number; candidate: number }
  /** candidate - stable, or candidate / stable for a ratio margin; null is unbounded. */
  difference: [lo: number | null, hi: number | null]
  stable: [lo: number | null, hi: number | null]
  candidate: [lo: number | null, hi: number | null]
  /** Why there is nothing to judge; null when there is. */
  noDataBecause: string | null
  /** The label delay of the source: "no data" counts from then. */
  labelDelaySeconds: number
}

/**
 * The verdict of each metric of the policy on the samples of the present step. Samples of another traffic generation,
 * of another kind or absent altogether are `noData`.
 */
export function judgeMetrics(observation: RolloutObservation, policy: RolloutPolicy): MetricVerdict[] {
  const alpha = alphaShare(policy.analysis.alpha, policy.analysis.metrics.length, judgedStepsCount(policy))
  return policy.analysis.metrics.map((metric) => judgeMetric(metric, observation, alpha))
}

function judgeMetric(metric: PolicyMetric, observation: RolloutObservation, alpha: number): MetricVerdict {
  const measured = observation.metrics.find(({ name }) => name === metric.name)
  const obstacle = obstacleTo(metric, measured, observation)
  const { judgement, samples } = judge(metric, obstacle === null ? measured : undefined, alpha)
  const { name, of, critical, rule } = metric
  const noDataBecause = judgement.verdict === 'noData' ? (obstacle ?? describeEmptySides(samples)) : null
  const labelDelaySeconds = measured?.labelDelaySeconds ?? 0
  return { name, of, critical, margin: rule, alpha, samples, ...judgement, noDataBecause, labelDelaySeconds }
}

function obstacleTo(
  metric: PolicyMetric,
  measured: Measurement | undefined,
  { stepGeneration }: RolloutObservation,
): string | null {
  if (measured === undefined) return 'the source answered nothing'
  if ((measured.kind === 'quantile') !== (metric.quantile !== null)) return `the source answered a ${measured.kind}`
  if (measured.trafficGeneration === stepGeneration) return null
  return `the samples are of traffic generation ${measured.trafficGeneration}, the step's is ${stepGeneration ?? 'not known'}`
}

function judge(
  metric: PolicyMetric,
  measured: Measurement | undefined,
  alpha: number,
): {
  judgement: Pick<MetricVerdict, 'verdict' | 'difference' | 'stable' | 'candidate'>
  samples: MetricVerdict['samples']
} {
  const better = isLowerBetter(metric.of) ? 'lower' : 'higher'
  if (metric.quantile !== null) {
    const sides = measured?.kind === 'quantile' ? measured : { stable: emptyHistogram(), candidate: emptyHistogram() }
    const { stable, candidate } = sides
    return {
      judgement: judgeQuantile({ stable, candidate, quantile: metric.quantile, alpha, better, ...metric.rule }),
      samples: { stable: totalCount(stable), candidate: totalCount(candidate) },
    }
  }
  const none = { n: 0, k: 0 }
  const { stable, candidate } = measured?.kind === 'proportion' ? measured : { stable: none, candidate: none }
  const samples = { stable: stable.n, candidate: candidate.n }
  const input = { stable, candidate, alpha, better } as const
  const { rule } = metric
  if (!('notWorseThan' in rule)) return { judgement: judgeProportion({ ...input, ...rule }), samples }
  if ('by' in rule.notWorseThan) {
    return { judgement: judgeProportion({ ...input, notWorseThan: rule.notWorseThan }), samples }
  }
  throw new TypeError(`metric ${metric.name}: a ratio margin on a proportion is refused by the policy's parser`)
}

function describeEmptySides({ stable, candidate }: MetricVerdict['samples']): string {
  const empty = [stable === 0 ? 'stable' : '', candidate === 0 ? 'the candidate' : ''].filter((side) => side !== '')
  return `no samples on ${empty.join(' and ')}`
}
