import chiSquareCdf from '@stdlib/stats-base-dists-chisquare-cdf'
import chiSquareQuantile from '@stdlib/stats-base-dists-chisquare-quantile'

import { type Counts, total, unionCells } from './divergence.ts'

export type ChiSquareTest = { statistic: number; df: number; p: number }

/**
 * Pearson's chi-square test of homogeneity of two count vectors, without continuity correction. Cells empty on both
 * sides are left out; df is their number less one. One cell, or none, tests nothing: statistic 0, df 0, p 1.
 * Null when a side has no rows.
 */
export function chiSquareHomogeneity(reference: Counts, current: Counts): ChiSquareTest | null {
  const n = total(reference)
  const m = total(current)
  if (n === 0 || m === 0) return null
  let statistic = 0
  for (let i = 0; i < reference.length; i++) {
    const sum = (reference[i] ?? 0) + (current[i] ?? 0)
    if (sum === 0) continue
    const expectedReference = (sum * n) / (n + m)
    const expectedCurrent = (sum * m) / (n + m)
    statistic += ((reference[i] ?? 0) - expectedReference) ** 2 / expectedReference
    statistic += ((current[i] ?? 0) - expectedCurrent) ** 2 / expectedCurrent
  }
  const df = Math.max(0, unionCells(reference, current) - 1)
  return { statistic, df, p: chiSquareUpper(statistic, df) }
}

/**
 * Cramér's V of the 2×B table with Bergsma's bias correction (Bergsma 2013): φ² less its expectation
 * (B−1)/(n−1), both dimensions shrunk likewise. Between 0 and 1; 0 when the corrected association is not positive.
 */
export function cramersV(reference: Counts, current: Counts): number | null {
  const test = chiSquareHomogeneity(reference, current)
  if (test === null) return null
  const n = total(reference) + total(current)
  const columns = test.df + 1
  if (columns < 2 || n < 2) return 0
  const phi2 = Math.max(0, test.statistic / n - test.df / (n - 1))
  const shrunkColumns = columns - test.df ** 2 / (n - 1)
  const shrunkRows = 2 - 1 / (n - 1)
  const smaller = Math.min(shrunkColumns - 1, shrunkRows - 1)
  return smaller <= 0 ? 0 : Math.min(1, Math.sqrt(phi2 / smaller))
}

/**
 * p-value of a PSI: under no drift PSI/(1/N+1/M) is about chi-square with B−1 degrees of freedom (Yurdakul 2018).
 * `referenceRows` may be Infinity (a reference known exactly).
 */
export function psiPValue(psiValue: number, cells: number, referenceRows: number, currentRows: number): number {
  return chiSquareUpper(psiValue / samplingScale(referenceRows, currentRows), cells - 1)
}

/** The PSI that chance alone exceeds with probability `alpha`. 0 with fewer than two cells. */
export function psiCritical(alpha: number, cells: number, referenceRows: number, currentRows: number): number {
  if (cells < 2) return 0
  return chiSquareQuantile(1 - alpha, cells - 1) * samplingScale(referenceRows, currentRows)
}

/** E0: the PSI to expect without any drift, (B−1)(1/N+1/M). Subtract it to get the bias-adjusted PSI. */
export function psiBias(cells: number, referenceRows: number, currentRows: number): number {
  return Math.max(0, cells - 1) * samplingScale(referenceRows, currentRows)
}

/**
 * The population PSI that a test at `alpha` finds with probability `power` at this sample size.
 *
 * PSI/(1/N+1/M) is about non-central chi-square with λ = PSI/(1/N+1/M). Its upper tail is approximated by a normal
 * with mean df+λ and variance 2(df+2λ), which gives a quadratic in λ. Against exact λ this is 1–3 % low.
 */
export function psiMinimumDetectable(
  cells: number,
  referenceRows: number,
  currentRows: number,
  alpha: number,
  power = 0.8,
): number | null {
  const df = cells - 1
  if (df < 1) return null
  const excess = chiSquareQuantile(1 - alpha, df) - df
  const z = normalQuantile(power)
  const half = excess + 2 * z * z
  const lambda = half + Math.sqrt(Math.max(0, half * half - excess * excess + 2 * z * z * df))
  return lambda * samplingScale(referenceRows, currentRows)
}

/** Two-proportion z test of the null share with pooled variance; z > 0 when the current share is higher. */
export function nullRateTest(
  reference: { nulls: number; rows: number },
  current: { nulls: number; rows: number },
): { z: number; p: number } | null {
  if (reference.rows === 0 || current.rows === 0) return null
  const pooled = (reference.nulls + current.nulls) / (reference.rows + current.rows)
  const variance = pooled * (1 - pooled) * samplingScale(reference.rows, current.rows)
  if (variance === 0) return { z: 0, p: 1 }
  const z = (current.nulls / current.rows - reference.nulls / reference.rows) / Math.sqrt(variance)
  return { z, p: chiSquareUpper(z * z, 1) }
}

/**
 * Adjusted standardised residual per cell (Haberman 1973) of the current side: about standard normal without drift,
 * positive where the window has more than its share. 0 for cells that carry no information.
 */
export function standardisedResiduals(reference: Counts, current: Counts): number[] {
  const n = total(reference)
  const m = total(current)
  return Array.from(reference, (r, i) => {
    const c = current[i] ?? 0
    const share = (r + c) / (n + m)
    const variance = ((m * n) / (n + m)) * share * (1 - share)
    return variance > 0 ? (c - m * share) / Math.sqrt(variance) : 0
  })
}

/**
 * Kolmogorov–Smirnov statistic on the frozen grid: the largest difference of the two distribution functions at the
 * edges. `reference` and `current` are the ordinary cells only; a lower bound of the exact statistic.
 */
export function ksOnGrid(reference: Counts, current: Counts): number | null {
  const gaps = cdfGaps(reference, current)
  return gaps === null ? null : gaps.reduce((a, b) => Math.max(a, b), 0)
}

/**
 * First Wasserstein distance on the frozen grid in the feature's own unit, by the trapezoid rule between the edges.
 * The open end cells have no width, so movement beyond the outer edges is not counted.
 */
export function w1OnGrid(reference: Counts, current: Counts, edges: readonly number[]): number | null {
  const gaps = cdfGaps(reference, current)
  if (gaps === null) return null
  let area = 0
  for (let i = 1; i < edges.length; i++) {
    const width = (edges[i] ?? 0) - (edges[i - 1] ?? 0)
    area += (((gaps[i - 1] ?? 0) + (gaps[i] ?? 0)) / 2) * width
  }
  return area
}

/** P(X ≥ x) of a chi-square variable; 1 for df < 1. Tails below about 1e-16 come out as 0. */
export function chiSquareUpper(x: number, df: number): number {
  if (df < 1 || x <= 0) return 1
  if (x === Infinity) return 0
  return Math.min(1, Math.max(0, 1 - chiSquareCdf(x, df)))
}

/** 1/N + 1/M: what scales a PSI into a chi-square. */
export function samplingScale(referenceRows: number, currentRows: number): number {
  return 1 / referenceRows + 1 / currentRows
}

function normalQuantile(probability: number): number {
  const root = Math.sqrt(chiSquareQuantile(Math.abs(2 * probability - 1), 1))
  return probability >= 0.5 ? root : -root
}

function cdfGaps(reference: Counts, current: Counts): number[] | null {
  const n = total(reference)
  const m = total(current)
  if (n === 0 || m === 0) return null
  let below = 0
  let belowCurrent = 0
  return Array.from({ length: Math.max(0, reference.length - 1) }, (_, i) => {
    below += reference[i] ?? 0
    belowCurrent += current[i] ?? 0
    return Math.abs(below / n - belowCurrent / m)
  })
}
