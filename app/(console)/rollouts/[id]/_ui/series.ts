import type { MetricVerdict } from '#lib/rollouts/metric-verdict.ts'
import { proportion } from '#lib/quality/metrics.ts'
import type { Values } from '../../../../_ui/chart/model.ts'

/** The time axis that all charts of a page share: value i stands for startMs + i × stepMs. */
export type Grid = { startMs: number; stepMs: number; length: number }

export type RequestPoint = { versionId: string; at: Date; requests: number; errors: number; p95Ms: number | null }

/** What a stored observation saw and said, as far as charts show it. */
export type Look = {
  atMs: number
  metrics: readonly MetricVerdict[]
  intendedPercent: number
  /** As read back; null when the data plane could not be read. */
  observedPercent: number | null
}

export type Banded = { values: Values; low: Values; high: Values }

/** A look stands for what was so until the next one; the reconciler looks at least every ten seconds. */
const lookLastsMs = 25_000

/** The steps that cover [fromMs, toMs), beginning at a whole multiple of the step, as the facts are added up. */
export function gridOver(fromMs: number, toMs: number, stepMs: number): Grid {
  const startMs = Math.floor(fromMs / stepMs) * stepMs
  return { startMs, stepMs, length: Math.max(1, Math.ceil((toMs - startMs) / stepMs)) }
}

/** The share of failed requests of one version in per cent, with its 95 % interval; null where none came. */
export function errorRates(points: readonly RequestPoint[], versionId: string, grid: Grid): Banded {
  return banded(grid, (i) => {
    const sum = at(points, grid, i).filter((p) => p.versionId === versionId)
    return proportion(total(sum, 'errors'), total(sum, 'requests'))
  })
}

/** The 95th percentile of one version's latency in ms; null where no request came. */
export function latencies(points: readonly RequestPoint[], versionId: string, grid: Grid): Values {
  return over(grid, (i) => at(points, grid, i).find((p) => p.versionId === versionId)?.p95Ms ?? null)
}

/** The share of requests that the candidate answered in per cent, with its 95 % interval; null where none came. */
export function candidateShares(points: readonly RequestPoint[], candidateId: string, grid: Grid): Banded {
  return banded(grid, (i) => {
    const here = at(points, grid, i)
    const candidate = here.filter((p) => p.versionId === candidateId)
    return proportion(total(candidate, 'requests'), total(here, 'requests'))
  })
}

/** The weight that was read back from the data plane, in per cent; null where it was not looked at or not readable. */
export function observedWeights(looks: readonly Look[], grid: Grid): Values {
  return over(grid, (i) => lookAt(looks, grid, i)?.observedPercent ?? null)
}

/** The interval of one side at each look, with its centre, in units of `factor`; null without a look or without samples. */
export function sideIntervals(
  looks: readonly Look[],
  grid: Grid,
  metric: { name: string; side: 'stable' | 'candidate' | 'difference'; factor: number },
  cut: readonly [number, number] = [-Infinity, Infinity],
): Banded {
  // The look that ends a step is followed at once by one with nothing to judge, which must not hide it.
  const judged = looks.filter(({ metrics }) => metrics.length > 0)
  const cells = Array.from({ length: grid.length }, (_, i) => {
    const verdict = lookAt(judged, grid, i)?.metrics.find(({ name }) => name === metric.name)
    if (!verdict || verdict.noDataBecause !== null) return null
    const [lo, hi] = verdict[metric.side]
    const low = Math.max(cut[0], (lo ?? -Infinity) * metric.factor)
    const high = Math.min(cut[1], (hi ?? Infinity) * metric.factor)
    return Number.isFinite(low) && Number.isFinite(high) && low <= high ? { low, high } : null
  })
  return {
    values: cells.map((cell) => cell && (cell.low + cell.high) / 2),
    low: cells.map((cell) => cell && cell.low),
    high: cells.map((cell) => cell && cell.high),
  }
}

/** How far from the margin a difference is still drawn, so that the first wide intervals do not hide the margin. */
export function cutAround(margin: number, neutral: number): [number, number] {
  const size = Math.max(Math.abs(margin - neutral), 1e-9) * 4
  return [neutral - size, neutral + size]
}

function lookAt(looks: readonly Look[], grid: Grid, i: number): Look | undefined {
  const endMs = grid.startMs + (i + 1) * grid.stepMs
  const look = looks.findLast(({ atMs }) => atMs < endMs)
  return look && endMs - grid.stepMs - look.atMs < lookLastsMs ? look : undefined
}

function at(points: readonly RequestPoint[], grid: Grid, i: number): RequestPoint[] {
  const from = grid.startMs + i * grid.stepMs
  return points.filter((p) => p.at.getTime() >= from && p.at.getTime() < from + grid.stepMs)
}

function total(points: readonly RequestPoint[], key: 'requests' | 'errors'): number {
  return points.reduce((sum, point) => sum + point[key], 0)
}

function over(grid: Grid, value: (i: number) => number | null): (number | null)[] {
  return Array.from({ length: grid.length }, (_, i) => value(i))
}

function banded(grid: Grid, estimate: (i: number) => ReturnType<typeof proportion>): Banded {
  const cells = Array.from({ length: grid.length }, (_, i) => estimate(i))
  const percent = (value: number | undefined) => (value === undefined ? null : value * 100)
  return {
    values: cells.map((cell) => percent(cell?.value)),
    low: cells.map((cell) => percent(cell?.interval?.[0])),
    high: cells.map((cell) => percent(cell?.interval?.[1])),
  }
}
