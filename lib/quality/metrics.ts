import type { QualityCounts } from './fold.ts'

/** A figure with its 95 % interval, over n observations. The interval is null where n is too small for one. */
export type Estimate = { value: number; interval: readonly [number, number] | null; n: number }

export type QualityMetrics = {
  accuracy: Estimate | null
  precision: Estimate | null
  recall: Estimate | null
  f1: Estimate | null
  auc: Estimate | null
  logLoss: Estimate | null
  brier: number | null
  /** Mean score minus the share of true labels: above 0 the model promises too much. */
  calibrationGap: Estimate | null
  meanDelaySeconds: number | null
}

/** The 0.975 quantile of the standard normal distribution. */
const z = 1.959963984540054

/** Every figure of a classifier with two outcomes. A figure without observations is null, never NaN. */
export function qualityMetrics(counts: QualityCounts): QualityMetrics {
  const { labelled, truePositives, positives, predictedPositives } = counts
  const scored = total(counts.scorePositive) + total(counts.scoreNegative)
  return {
    accuracy: proportion(counts.correct, labelled),
    precision: proportion(truePositives, predictedPositives),
    recall: proportion(truePositives, positives),
    f1: f1Estimate(truePositives, predictedPositives + positives - truePositives),
    auc: aucEstimate(counts.scorePositive, counts.scoreNegative),
    logLoss: meanEstimate(counts.logLossMicros / 1e6, counts.logLossSquareMicros / 1e6, scored, 0),
    brier: scored === 0 ? null : counts.brierMicros / 1e6 / scored,
    calibrationGap: meanEstimate(
      counts.scoreMicros / 1e6 - total(counts.scorePositive),
      counts.brierMicros / 1e6,
      scored,
      -1,
    ),
    meanDelaySeconds: labelled === 0 ? null : counts.delaySecondsSum / labelled,
  }
}

/** k of n with the score interval of Wilson (1927, JASA 22, 209–212), which stays within [0, 1] and holds for small n. */
export function proportion(k: number, n: number): Estimate | null {
  if (n === 0) return null
  const p = k / n
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return { value: p, interval: [k === 0 ? 0 : centre - half, k === n ? 1 : centre + half], n }
}

/**
 * F1 = 2j/(1+j) where j = TP/(TP+FP+FN) is a plain proportion; F1 rises with j, so the ends of j's Wilson interval give
 * the ends of F1's.
 */
function f1Estimate(truePositives: number, union: number): Estimate | null {
  const j = proportion(truePositives, union)
  if (j === null || j.interval === null) return null
  const f1 = (share: number) => (2 * share) / (1 + share)
  return {
    value: (2 * truePositives) / (union + truePositives),
    interval: [f1(j.interval[0]), f1(j.interval[1])],
    n: union,
  }
}

/**
 * Area under the ROC curve from two histograms of scores over the same cells, a tie within a cell counting one half.
 * Interval: Hanley & McNeil (1982, Radiology 143, 29–36), at an area shrunk by half a pair so that a perfect ranking of
 * few rows has an interval too, widened by what the cells hide (half of the pairs that tie).
 */
export function aucEstimate(positive: readonly number[], negative: readonly number[]): Estimate | null {
  const [m, n] = [total(positive), total(negative)]
  if (m === 0 || n === 0) return null
  let [below, wins, ties] = [0, 0, 0]
  for (const [cell, count] of positive.entries()) {
    const against = negative[cell] ?? 0
    wins += count * below
    ties += count * against
    below += against
  }
  const pairs = m * n
  const area = (wins + ties / 2) / pairs
  const error = hanleyMcNeilError((area * pairs + 0.5) / (pairs + 1), m, n)
  const half = z * error + ties / 2 / pairs
  return { value: area, interval: [Math.max(0, area - half), Math.min(1, area + half)], n: m + n }
}

/** The standard error of an area under the curve of m positives and n negatives (Hanley & McNeil 1982, equation 1). */
export function hanleyMcNeilError(area: number, m: number, n: number): number {
  const [q1, q2] = [area / (2 - area), (2 * area * area) / (1 + area)]
  const variance = area * (1 - area) + (m - 1) * (q1 - area * area) + (n - 1) * (q2 - area * area)
  return Math.sqrt(Math.max(0, variance) / (m * n))
}

/** A mean from its sum and the sum of squares, with the normal interval. */
function meanEstimate(sum: number, sumOfSquares: number, n: number, min: number): Estimate | null {
  if (n === 0) return null
  const value = sum / n
  if (n < 2) return { value, interval: null, n }
  const variance = Math.max(0, (sumOfSquares - n * value * value) / (n - 1))
  const half = z * Math.sqrt(variance / n)
  return { value, interval: [Math.max(min, value - half), value + half], n }
}

function total(histogram: readonly number[]): number {
  return histogram.reduce((sum, count) => sum + count, 0)
}
