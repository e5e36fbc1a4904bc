import type { ChartModel, Values } from './model.ts'

/** The vertical resolution of every path; the picture itself stretches to its box. */
export const plotHeight = 400

/** A value's place from the top, in path units. */
export function yOf(model: Pick<ChartModel, 'low' | 'high'>, value: number): number {
  return Math.round(plotHeight * (1 - (value - model.low) / (model.high - model.low)))
}

/** x is the index, so each segment is a short relative command, and a missing value lifts the pen. A value alone is a dot. */
export function linePath(values: Values, y: (value: number) => number): string {
  let path = ''
  let last: number | null = null
  for (const [i, value] of values.entries()) {
    if (value === null) {
      last = null
      continue
    }
    const here = y(value)
    const alone = last === null && (values[i + 1] ?? null) === null
    path += last === null ? `M${i} ${here}${alone ? 'h0' : ''}` : `l1 ${here - last}`
    last = here
  }
  return path
}

/** The area between two lines, one closed piece for each run in which both are known. */
export function bandPath(low: Values, high: Values, y: (value: number) => number): string {
  let path = ''
  for (const [from, to] of runs(low.length, (i) => known(low[i]) && known(high[i]))) {
    const there = Array.from({ length: to - from }, (_, k) => `${from + k} ${y(high[from + k] ?? 0)}`)
    const back = Array.from({ length: to - from }, (_, k) => `${to - 1 - k} ${y(low[to - 1 - k] ?? 0)}`)
    path += `M${there.join('L')}L${back.join('L')}Z`
  }
  return path
}

/**
 * Where data is missing, as half-open index ranges: a hole inside a series, or a stretch in which no series has a value.
 * Before its first value a series has not begun (a canary that is not out yet), which is no hole.
 */
export function gaps(series: readonly { values: Values }[]): [number, number][] {
  const length = series[0]?.values.length ?? 0
  const ends = series.map(({ values }) => [
    values.findIndex((value) => value !== null),
    values.findLastIndex((value) => value !== null),
  ])
  const missing = (i: number) =>
    series.every(({ values }) => values[i] === null) ||
    series.some(({ values }, k) => values[i] === null && i > (ends[k]?.[0] ?? 0) && i < (ends[k]?.[1] ?? 0))
  return runs(length, missing)
}

/** The last known value, or null. */
export function lastKnown(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null
}

export type Bar = { x: number; y: number; width: number; height: number; series: number; index: number }

/** Bars side by side, or stacked with positives upwards and negatives downwards; one index is one unit wide. */
export function barsOf(model: ChartModel): Bar[] {
  const zero = yOf(model, 0)
  const stacked = model.shape === 'stacked'
  const width = stacked ? 0.76 : 0.76 / model.series.length
  const out: Bar[] = []
  for (let index = 0; index < model.length; index++) {
    const base = { up: 0, down: 0 }
    for (const [k, one] of model.series.entries()) {
      const value = one.values[index] ?? null
      if (value === null) continue
      const side = value >= 0 ? 'up' : 'down'
      const from = stacked ? base[side] : 0
      base[side] += stacked ? value : 0
      const ends = stacked ? [yOf(model, from), yOf(model, from + value)] : [zero, yOf(model, value)]
      const y = Math.min(...ends)
      const x = index + 0.12 + (stacked ? 0 : k * width)
      out.push({ x, y, width, height: Math.max(...ends) - y, series: k, index })
    }
  }
  return out
}

/** The index under a place of the plot (0 to 1), or of an instant; null when the instant lies outside. */
export function indexAt(model: ChartModel, place: number): number {
  const raw = model.shape === 'line' ? Math.round(place * (model.length - 1)) : Math.floor(place * model.length)
  return Math.min(model.length - 1, Math.max(0, raw))
}
export function indexOfTime(model: ChartModel, atMs: number): number | null {
  const index = Math.round((atMs - model.startMs) / model.stepMs)
  return index >= 0 && index < model.length ? index : null
}
/** The place of an index from the left, 0 to 1. */
export function placeOf(model: ChartModel, index: number): number {
  return model.shape === 'line' ? index / Math.max(1, model.length - 1) : (index + 0.5) / model.length
}

function runs(length: number, holds: (i: number) => boolean): [number, number][] {
  const out: [number, number][] = []
  let from: number | null = null
  for (let i = 0; i <= length; i++) {
    const inside = i < length && holds(i)
    if (inside && from === null) from = i
    if (!inside && from !== null) {
      out.push([from, i])
      from = null
    }
  }
  return out
}

function known(value: number | null | undefined): boolean {
  return value !== null && value !== undefined
}
