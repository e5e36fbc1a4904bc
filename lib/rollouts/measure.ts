import type { QualityCounts } from '#lib/quality/fold.ts'
import { emptyHistogram, type Histogram } from '#lib/telemetry/histogram.ts'
import type { Measurement } from './observation.ts'
import type { PolicyMetric } from './policy.ts'

/** What one side served and how well, as far as it is known. */
export type SideFacts = {
  requests: { requests: number; errors: number; latency: Histogram | null }
  quality: QualityCounts
}

/** A count of trials, and of those that were so. */
export type Measured = { n: number; k: number }

/** The proportions that are kept of labelled predictions: good ones of all that could be. */
const proportions: Record<string, (c: QualityCounts) => Measured> = {
  'quality.accuracy': (c) => ({ n: c.labelled, k: c.correct }),
  'quality.recall': (c) => ({ n: c.positives, k: c.truePositives }),
  'quality.precision': (c) => ({ n: c.predictedPositives, k: c.truePositives }),
}

/** What a metric's source measured on both sides; undefined for a source that answers nothing. */
export function measure(
  metric: Pick<PolicyMetric, 'name' | 'of'>,
  sides: { stable: SideFacts; candidate: SideFacts },
  trafficGeneration: number,
  labelDelaySeconds: number,
): Measurement | undefined {
  const { stable, candidate } = sides
  const { name, of } = metric
  if (of === 'telemetry.latencyMs') {
    const latency = ({ requests }: SideFacts) => requests.latency ?? emptyHistogram()
    const both = { stable: latency(stable), candidate: latency(candidate) }
    return { kind: 'quantile', name, trafficGeneration, ...both, labelDelaySeconds: 0 }
  }
  const counts = countsOf(of)
  if (counts === undefined) return undefined
  const delay = of.startsWith('quality.') ? labelDelaySeconds : 0
  const both = { stable: counts(stable), candidate: counts(candidate) }
  return { kind: 'proportion', name, trafficGeneration, ...both, labelDelaySeconds: delay }
}

/** How a proportion is counted from the facts of a side; undefined when it is not kept. */
export function countsOf(of: string): ((facts: SideFacts) => Measured) | undefined {
  if (of === 'telemetry.errors') return ({ requests }) => ({ n: requests.requests, k: requests.errors })
  const proportion = proportions[of]
  return proportion && (({ quality }) => proportion(quality))
}

/** The mean delay of labels in seconds of event time; 0 when nothing was labelled. */
export function meanLabelDelaySeconds(...counts: QualityCounts[]): number {
  const labelled = counts.reduce((sum, c) => sum + c.labelled, 0)
  return labelled === 0 ? 0 : counts.reduce((sum, c) => sum + c.delaySecondsSum, 0) / labelled
}
