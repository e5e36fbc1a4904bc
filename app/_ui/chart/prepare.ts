import { ticks } from 'd3-array'
import { scaleUtc } from 'd3-scale'
import { formatClock, formatDay } from '../format.ts'
import type { Band, Breach, ChartModel, ChartSeries, Hue, Shape, Tick, Values } from './model.ts'

export type SeriesInput = {
  id: string
  label: string
  /** Candidate and baseline have their own strokes; every other series takes the next hue. */
  role?: 'candidate' | 'baseline'
  values: Values
  band?: Band
  estimated?: boolean
}

export type ChartInput = {
  id: string
  title: string
  unit: string
  /** Decimals in read-outs and in the table. */
  digits: number
  shape?: Shape
  /** Epoch milliseconds of the first value; value i stands for startMs + i × stepMs. */
  startMs: number
  stepMs: number
  /** One or more series of the same length, at most six beside candidate and baseline. */
  series: readonly SeriesInput[]
  thresholds?: readonly { value: number; label: string; breach: Breach }[]
  marks?: readonly { atMs: number; label: string }[]
  /** IANA zone of the labels; UTC unless the address says otherwise. */
  timeZone?: string
}

const pointsMax = 1000
const hues: readonly Hue[] = ['1', '2', '3', '4', '5', '6']

/**
 * Makes a chart's model; for the server, so that d3 costs the browser nothing. The axis fits data, bands and thresholds
 * with 12 % to spare, and begins at zero for bars. Above 1,000 points neighbours are merged into their mean with their
 * range as a band; a merged point is missing when most of its points are. Ask the source for a coarser step where a
 * mean makes no sense, as for quantiles. Throws a RangeError when series differ in length or there are too many.
 */
export function prepareChart(input: ChartInput): ChartModel {
  const length = input.series[0]?.values.length ?? 0
  if (input.series.some((one) => one.values.length !== length)) {
    throw new RangeError(`chart ${input.id}: all series need the same length`)
  }
  const shape = input.shape ?? 'line'
  const merged = Math.max(1, Math.ceil(length / pointsMax))
  const series = withHues(input).map((one) => merge(one, merged))
  const points = series[0]?.values.length ?? 0
  const stepMs = input.stepMs * merged
  const [low, high] = domainOf(shape, series, input.thresholds ?? [])
  const top = (value: number) => 1 - (value - low) / (high - low)
  const endMs = input.startMs + (shape === 'line' ? Math.max(1, points - 1) : points) * stepMs
  const left = (atMs: number) => (atMs - input.startMs) / (endMs - input.startMs)
  const timeZone = input.timeZone ?? 'UTC'
  return {
    id: input.id,
    title: input.title,
    unit: input.unit,
    digits: input.digits,
    shape,
    timeZone,
    startMs: input.startMs,
    stepMs,
    length: points,
    low,
    high,
    merged,
    series,
    yTicks: valueTicks(low, high, top),
    xTicks: timeTicks(input.startMs, endMs, timeZone, left),
    marks: (input.marks ?? [])
      .map((mark) => ({ at: left(mark.atMs), label: mark.label }))
      .filter((mark) => mark.at >= 0 && mark.at <= 1),
    thresholds: (input.thresholds ?? []).map((limit) => ({ ...limit, at: top(limit.value) })),
  }
}

function withHues(input: ChartInput): ChartSeries[] {
  let next = 0
  return input.series.map((one) => {
    const hue = one.role ?? hues[next++]
    if (!hue) throw new RangeError(`chart ${input.id}: at most ${hues.length} series, draw the rest as "other"`)
    const { id, label, values, band = null, estimated = false } = one
    return { id, label, hue, values, band, estimated }
  })
}

function merge(series: ChartSeries, by: number): ChartSeries {
  if (by === 1) return series
  const mean = (present: number[]) => present.reduce((sum, value) => sum + value, 0) / present.length
  const band = series.band ?? { label: 'range', low: series.values, high: series.values }
  return {
    ...series,
    values: chunked(series.values, by, mean),
    band: {
      label: band.label,
      low: chunked(band.low, by, (present) => Math.min(...present)),
      high: chunked(band.high, by, (present) => Math.max(...present)),
    },
  }
}

function chunked(values: Values, by: number, fold: (present: number[]) => number): (number | null)[] {
  const out: (number | null)[] = []
  for (let from = 0; from < values.length; from += by) {
    const chunk = values.slice(from, from + by)
    const present = chunk.filter((value) => value !== null)
    out.push(present.length * 2 <= chunk.length ? null : fold(present))
  }
  return out
}

function domainOf(shape: Shape, series: ChartSeries[], thresholds: readonly { value: number }[]): [number, number] {
  const drawn = shape === 'stacked' ? totals(series) : series.flatMap((one) => [...one.values])
  const bands = series.flatMap((one) => (one.band ? [...one.band.low, ...one.band.high] : []))
  const limits = thresholds.map((limit) => limit.value)
  const all = [...drawn, ...bands, ...limits, ...(shape === 'line' ? [] : [0])].filter((value) => value !== null)
  if (all.length === 0) return [0, 1]
  // At most 1,000 points of eight series are spread here, far below any engine's limit on arguments.
  const min = Math.min(...all)
  const max = Math.max(...all)
  const spare = (max - min || Math.abs(max) || 1) * 0.12
  const low = min >= 0 ? Math.max(0, min - spare) : min - spare
  const high = max <= 0 ? Math.min(0, max + spare) : max + spare
  return low < high ? [low, high] : [low - 1, high + 1]
}

/** The height of each stack: positives upwards and negatives downwards, as they are drawn. */
function totals(series: ChartSeries[]): number[] {
  const length = series[0]?.values.length ?? 0
  return Array.from({ length }, (_, i) => i).flatMap((i) => {
    const here = series.map((one) => one.values[i] ?? 0)
    const sum = (sign: number) => here.filter((v) => v * sign > 0).reduce((a, b) => a + b, 0)
    return [sum(1), sum(-1)]
  })
}

function valueTicks(low: number, high: number, top: (value: number) => number): Tick[] {
  const at = ticks(low, high, 4)
  const step = (at[1] ?? high) - (at[0] ?? low)
  const places = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
  return at.map((value) => ({ at: top(value), label: tickLabel(value, places) }))
}

function tickLabel(value: number, places: number): string {
  const compact = Math.abs(value) >= 10_000 ? { notation: 'compact' as const, maximumFractionDigits: 1 } : null
  return value
    .toLocaleString('en-US', compact ?? { minimumFractionDigits: places, maximumFractionDigits: places })
    .replace('-', '\u2212')
}

function timeTicks(startMs: number, endMs: number, timeZone: string, left: (atMs: number) => number): Tick[] {
  // Ticks are whole hours and days of the zone: taken on its shifted clock, then shifted back.
  const shiftMs = zoneShiftMs(startMs, timeZone)
  const dayMs = 86_400_000
  const daily = endMs - startMs > 2 * dayMs
  return scaleUtc([startMs + shiftMs, endMs + shiftMs], [0, 1])
    .ticks(5)
    .map((tick) => {
      const atMs = tick.getTime() - shiftMs
      const midnight = tick.getTime() % dayMs === 0
      return { at: left(atMs), label: daily || midnight ? formatDay(atMs, timeZone) : formatClock(atMs, timeZone) }
    })
    .filter((tick, i, all) => tick.label !== all[i - 1]?.label)
}

function zoneShiftMs(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const name = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(atMs)
    .find((part) => part.type === 'timeZoneName')?.value
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(name ?? '') ?? []
  return sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 : 0
}
