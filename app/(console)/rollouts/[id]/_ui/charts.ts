import type { MetricVerdict } from '#lib/rollouts/metric-verdict.ts'
import type { Chain } from '#lib/rollouts/model.ts'
import type { ChartModel, Values } from '../../../../_ui/chart/model.ts'
import { prepareChart, type ChartInput } from '../../../../_ui/chart/prepare.ts'
import { formatNumber } from '../../../../_ui/format.ts'
import { marginOf, scaleOf } from './words.ts'
import {
  candidateShares,
  cutAround,
  errorRates,
  latencies,
  observedWeights,
  sideIntervals,
  type Banded,
  type Grid,
  type Look,
  type RequestPoint,
} from './series.ts'

export type ChartsInput = {
  grid: Grid
  points: readonly RequestPoint[]
  /** Oldest first. */
  looks: readonly Look[]
  from: { versionId: string; version: string }
  to: { versionId: string; version: string }
  chain: Chain
}

type Thresholds = NonNullable<ChartInput['thresholds']>

/** Errors, latency, quality and traffic of both sides over the same time. */
export function sideCharts(input: ChartsInput): ChartModel[] {
  const { points, grid, from, to, looks } = input
  const metrics = lastJudged(looks)
  const errors = metrics.find(({ of }) => of === 'telemetry.errors')
  const latency = metrics.find(({ of }) => of === 'telemetry.latencyMs')
  return [
    chart(input, {
      id: 'error-rate',
      title: 'Error rate',
      unit: '%',
      digits: 2,
      sides: [errorRates(points, from.versionId, grid), errorRates(points, to.versionId, grid)],
      thresholds: limitOf(errors),
    }),
    chart(input, {
      id: 'latency-p95',
      title: 'p95 latency',
      unit: 'ms',
      digits: 1,
      sides: [{ values: latencies(points, from.versionId, grid) }, { values: latencies(points, to.versionId, grid) }],
      thresholds: limitOf(latency),
    }),
    ...metrics.filter(({ of }) => of.startsWith('quality.')).map((metric) => qualityChart(input, metric)),
    trafficChart(input),
  ]
}

/** What is judged: the interval of the difference at each look against the margin. */
export function differenceCharts(input: ChartsInput): ChartModel[] {
  const { looks, grid } = input
  return lastJudged(looks).map((metric) => {
    const { factor, differenceUnit, unit, digits } = scaleOf(metric)
    const { value, breach, words, absolute } = marginOf(metric)
    const ratio = differenceUnit === '×'
    const cut = absolute ? ([0, value * factor * 2] as const) : cutAround(value * factor, ratio ? 1 : 0)
    const side = absolute ? ('candidate' as const) : ('difference' as const)
    const { low, high } = sideIntervals(looks, grid, { name: metric.name, side, factor }, cut)
    const what = absolute ? 'candidate' : ratio ? 'candidate / stable' : 'candidate − stable'
    // Both ends are lines of their own: an interval that is open or wide has no centre worth a number.
    return prepareChart({
      ...grid,
      id: `difference-${metric.name}`,
      title: `${metric.name}: ${what}`,
      unit: `${absolute ? unit : differenceUnit}, drawn from ${edge(cut[0])} to ${edge(cut[1])}`,
      digits,
      series: [
        { id: 'from', label: 'from', role: 'candidate', values: low, band: { label: 'interval', low, high } },
        { id: 'to', label: 'to', role: 'candidate', values: high },
      ],
      thresholds: [{ value: value * factor, label: words, breach }],
      marks: marksOf(input.chain, input.grid),
    })
  })
}

function edge(value: number): string {
  return formatNumber(value, '', Number.isInteger(value) ? 0 : 1)
}

/** The metrics of the newest look that judged any: between steps and after the end there is nothing to judge. */
function lastJudged(looks: readonly Look[]): readonly MetricVerdict[] {
  return looks.findLast(({ metrics }) => metrics.length > 0)?.metrics ?? []
}

function qualityChart(input: ChartsInput, metric: MetricVerdict): ChartModel {
  const { looks, grid } = input
  const { factor, unit, digits } = scaleOf(metric)
  const side = (side: 'stable' | 'candidate') => sideIntervals(looks, grid, { name: metric.name, side, factor })
  return chart(input, {
    id: metric.name,
    title: `${metric.name} (labelled)`,
    unit,
    digits,
    sides: [side('stable'), side('candidate')],
    thresholds: limitOf(metric),
  })
}

function trafficChart(input: ChartsInput): ChartModel {
  const { points, grid, to, looks } = input
  const { values, low, high } = candidateShares(points, to.versionId, grid)
  const weights = observedWeights(looks, grid)
  return prepareChart({
    ...grid,
    id: 'traffic-share',
    title: 'Traffic share',
    unit: '%',
    digits: 1,
    series: [
      { id: 'weight', label: 'weight read back', role: 'baseline', values: weights },
      { id: 'share', label: 'requests', role: 'candidate', values, band: { label: '95 % interval', low, high } },
    ],
    marks: marksOf(input.chain, input.grid),
  })
}

type Side = Pick<Banded, 'values'> & Partial<Banded>

function chart(
  { grid, from, to, chain }: ChartsInput,
  {
    sides: [stable, candidate],
    ...rest
  }: Pick<ChartInput, 'id' | 'title' | 'unit' | 'digits'> & { sides: [Side, Side]; thresholds: Thresholds },
): ChartModel {
  return prepareChart({
    ...grid,
    ...rest,
    series: [
      ...aroundPromotion(stable, grid, chain).map((part, i) => ({
        id: `stable-${i}`,
        label: i === 0 ? from.version : `${from.version} again`,
        role: 'baseline' as const,
        values: part.values,
        ...bandOf(part),
      })),
      { id: 'candidate', label: to.version, role: 'candidate', values: candidate.values, ...bandOf(candidate) },
    ],
    marks: marksOf(chain, grid),
  })
}

/**
 * The stable side in one piece, or before the promotion and after the rollback apart: between them it had no traffic, which
 * is no hole in the data.
 */
function aroundPromotion(side: Side, grid: Grid, { promotion, rollback }: Chain): Side[] {
  if (!promotion?.trafficVerifiedAt || !rollback) return [side]
  const middleMs = (Date.parse(promotion.trafficVerifiedAt) + Date.parse(rollback.intentAt)) / 2
  const border = Math.round((middleMs - grid.startMs) / grid.stepMs)
  const keep = (values: Values, isKept: (i: number) => boolean) => values.map((value, i) => (isKept(i) ? value : null))
  const part = (isKept: (i: number) => boolean): Side => ({
    values: keep(side.values, isKept),
    ...(side.low && side.high ? { low: keep(side.low, isKept), high: keep(side.high, isKept) } : {}),
  })
  const again = part((i) => i >= border)
  return again.values.some((value) => value !== null) ? [part((i) => i < border), again] : [side]
}

function bandOf({ low, high }: Side) {
  return low && high ? { band: { label: 'interval', low, high } } : {}
}

/** A margin on the difference is drawn from where stable was at the newest look. */
function limitOf(metric: MetricVerdict | undefined): Thresholds {
  if (!metric) return []
  const { factor, unit, digits } = scaleOf(metric)
  const { value, breach, words, absolute } = marginOf(metric)
  if (absolute) return [{ value: value * factor, label: words, breach }]
  const [lo, hi] = metric.stable
  if (lo === null || hi === null || metric.samples.stable === 0) return []
  const centre = (lo + hi) / 2
  const ratio = 'notWorseThan' in metric.margin && 'ratio' in metric.margin.notWorseThan
  const limit = (ratio ? centre * value : centre + value) * factor
  if (limit < 0) return []
  return [{ value: limit, label: `limit now ${formatNumber(limit, unit, digits)}`, breach }]
}

/** A dotted line per weight, where it was read back or else intended. Where two stand close, only the later one is named. */
export function marksOf(chain: Chain, grid: Grid): { atMs: number; label: string }[] {
  const steps = chain.steps.map((step) => ({
    atMs: Date.parse(step.verifiedAt ?? step.intendedAt),
    label: `${step.weight} %`,
  }))
  const ends = [
    { at: chain.promotion?.trafficVerifiedAt, label: 'promoted' },
    { at: chain.rollback?.trafficVerifiedAt ?? chain.rollback?.intentAt, label: 'rollback' },
  ]
  const marks = [...steps, ...ends.flatMap(({ at, label }) => (at ? [{ atMs: Date.parse(at), label }] : []))]
  const closeMs = grid.length * grid.stepMs * 0.12
  return marks.map((mark, i) =>
    (marks[i + 1]?.atMs ?? Infinity) - mark.atMs < closeMs ? { ...mark, label: '' } : mark,
  )
}
