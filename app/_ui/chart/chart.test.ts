import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartCsv, tableRows } from './export.ts'
import { bandPath, barsOf, gaps, indexAt, indexOfTime, lastKnown, linePath, placeOf, yOf } from './geometry.ts'
import { prepareChart, type ChartInput } from './prepare.ts'

const startMs = Date.UTC(2026, 10, 22, 1)
const minute = 60_000
const input = (over: Partial<ChartInput> = {}): ChartInput => ({
  id: 'p99',
  title: 'p99 latency',
  unit: 'ms',
  digits: 1,
  startMs,
  stepMs: minute,
  series: [
    { id: 'b', label: 'v41', role: 'baseline', values: [80, 82, null, 84] },
    { id: 'c', label: 'v42', role: 'candidate', values: [null, 90, null, 95] },
  ],
  ...over,
})
const single = (values: (number | null)[]) => [{ id: 'x', label: 'x', values }]

describe('prepareChart', () => {
  it('fits data and thresholds, with the limit inside the plot', () => {
    const model = prepareChart(input({ thresholds: [{ value: 120, label: 'SLO', breach: 'above' }] }))
    expect(model.low).toBeLessThan(80)
    expect(model.high).toBeGreaterThan(120)
    expect(model.thresholds[0]!.at).toBeGreaterThan(0)
    expect(model.yTicks.every((tick) => tick.at >= 0 && tick.at <= 1)).toBe(true)
  })
  it('begins bars at zero, and lines where they are', () => {
    expect(prepareChart(input({ shape: 'bars' })).low).toBe(0)
    expect(prepareChart(input()).low).toBeGreaterThan(50)
  })
  it('keeps negative data in the plot and never dips below zero without it', () => {
    expect(prepareChart(input({ series: single([-5, 3]) })).low).toBeLessThan(-5)
    expect(prepareChart(input({ series: single([0.01, 3]) })).low).toBe(0)
  })
  it('has a domain for a flat line, for one point and for nothing', () => {
    for (const values of [[7, 7, 7], [0], [], [null, null]]) {
      const model = prepareChart(input({ series: single(values) }))
      expect(model.high).toBeGreaterThan(model.low)
      expect(model.xTicks.every((tick) => Number.isFinite(tick.at))).toBe(true)
    }
  })
  it('gives hues in order beside candidate and baseline, and refuses a seventh', () => {
    const model = prepareChart(input({ series: [...input().series, ...single([1, 2, 3, 4])] }))
    expect(model.series.map((one) => one.hue)).toEqual(['baseline', 'candidate', '1'])
    const seven = Array.from({ length: 7 }, (_, i) => ({ id: `${i}`, label: `${i}`, values: [1] }))
    expect(() => prepareChart(input({ series: seven }))).toThrow(RangeError)
    expect(() => prepareChart(input({ series: [...single([1]), ...single([1, 2])] }))).toThrow(/same length/)
  })
  it('merges above 1,000 points into means, with their range as a band and missing stretches kept', () => {
    const values = Array.from({ length: 2500 }, (_, i) => (i >= 300 && i < 600 ? null : i % 3))
    const model = prepareChart(input({ series: single(values) }))
    expect(model.merged).toBe(3)
    expect(model.length).toBe(834)
    expect(model.stepMs).toBe(3 * minute)
    expect(model.series[0]!.values.slice(100, 200).every((value) => value === null)).toBe(true)
    expect(model.series[0]!.values[0]).toBe(1)
    expect([model.series[0]!.band!.low[0], model.series[0]!.band!.high[0]]).toEqual([0, 2])
  })
  it('drops marks outside the range and places the others', () => {
    const marks = [
      { atMs: startMs - 1, label: 'before' },
      { atMs: startMs + 1.5 * minute, label: '5 %' },
    ]
    expect(prepareChart(input({ marks })).marks).toEqual([{ at: 0.5, label: '5 %' }])
  })
  it('puts ticks on whole hours of the zone', () => {
    const hours = (timeZone: string) =>
      prepareChart(input({ stepMs: 60 * minute, series: single(Array(13).fill(1)), timeZone })).xTicks
    expect(hours('Asia/Kolkata').map((tick) => tick.label)).toContain('09:00')
    expect(hours('UTC').map((tick) => tick.label)).toContain('03:00')
  })
})

describe('geometry', () => {
  const same = (value: number) => value
  it('lifts the pen at a missing value and keeps a lone one visible', () => {
    expect(linePath([10, 12, null, 7, null, 1, 2], same)).toBe('M0 10l1 2M3 7h0M5 1l1 1')
    expect(linePath([], same)).toBe('')
  })
  it('draws as many points as are known, whatever is missing', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 400 }))), (values) => {
        const path = linePath(values, same)
        expect((path.match(/[Ml]/g) ?? []).length).toBe(values.filter((value) => value !== null).length)
      }),
    )
  })
  it('closes a band for each run', () => {
    expect(bandPath([1, 1, null, 2], [3, 4, null, 5], same)).toBe('M0 3L1 4L1 1L0 1ZM3 5L3 2Z')
  })
  it('shades holes and silence, not the time before a canary', () => {
    expect(gaps([{ values: [1, 2, null, null, 3, null] }, { values: [null, null, null, 5, 6, null] }])).toEqual([
      [2, 4],
      [5, 6],
    ])
    expect(gaps([{ values: [null, null, 3] }])).toEqual([[0, 2]])
  })
  it('stacks bars without overlap and puts them side by side when not stacked', () => {
    const series = [...single([2, 3]), { id: 'y', label: 'y', values: [5, null] }]
    const stacked = prepareChart(input({ shape: 'stacked', series }))
    const [a, b] = barsOf(stacked)
    expect(b!.y + b!.height).toBe(a!.y)
    const beside = barsOf(prepareChart(input({ shape: 'bars', series })))
    expect(beside[1]!.x).toBeCloseTo(beside[0]!.x + beside[0]!.width)
    expect(beside).toHaveLength(3)
  })
  it('finds indices by place and by time', () => {
    const model = prepareChart(input())
    expect([0, 0.49, 1].map((place) => indexAt(model, place))).toEqual([0, 1, 3])
    expect(indexOfTime(model, startMs + 2 * minute)).toBe(2)
    expect(indexOfTime(model, startMs - 10 * minute)).toBeNull()
    expect(placeOf(model, 3)).toBe(1)
    expect(yOf(model, model.low)).toBe(400)
    expect(lastKnown([1, null])).toBe(1)
  })
})

describe('export', () => {
  it('writes every value once, leaves the missing empty and disarms formulas', () => {
    const series = [{ id: 'c', label: '=1+1, "x"', values: [1, null, -3] }]
    const csv = chartCsv(prepareChart(input({ series, unit: '' })))
    expect(csv.split('\r\n')).toEqual([
      `time,"'=1+1, ""x"""`,
      '2026-11-22T01:00:00.000Z,1',
      '2026-11-22T01:01:00.000Z,',
      '2026-11-22T01:02:00.000Z,-3',
    ])
  })
  it('keeps the table short and its last row', () => {
    const rows = tableRows(prepareChart(input({ series: single(Array(720).fill(1)) })))
    expect(rows.length).toBeLessThanOrEqual(25)
    expect(rows.at(-1)!.index).toBe(719)
  })
})
