import { describe, expect, it } from 'vitest'
import type { QualityPoint } from '#lib/quality/reads.ts'
import { emptyQuality } from '#lib/quality/fold.ts'
import { qualityMetrics } from '#lib/quality/metrics.ts'
import { dailyCharts } from './series.ts'

const dayMs = 86_400_000
const point = (versionId: string, day: number, labelled: number, correct: number): QualityPoint => {
  const counts = { ...emptyQuality(), labelled, correct }
  return { versionId, windowAt: new Date(day * dayMs), counts, metrics: qualityMetrics(counts) }
}

describe('quality by day', () => {
  const charts = dailyCharts([point('mv_a', 1, 100, 90), point('mv_b', 3, 50, 40)], (id) => id.slice(3))
  it('has a value for every day from the first to the last, and gaps where nothing was labelled', () => {
    const accuracy = charts.find(({ id }) => id === 'accuracy')
    expect(accuracy?.startMs).toBe(dayMs)
    expect(accuracy?.series.map(({ label, values }) => [label, values])).toEqual([
      ['a', [90, null, null]],
      ['b', [null, null, 80]],
    ])
    expect(accuracy?.series[0]?.band?.low[0]).toBeLessThan(90)
  })
  it('leaves a figure that cannot be computed empty, never NaN', () => {
    const auc = charts.find(({ id }) => id === 'auc')
    expect(auc?.series.flatMap(({ values }) => values)).toEqual([null, null, null, null, null, null])
  })
  it('draws the newest six versions at most, and nothing without points', () => {
    const many = Array.from({ length: 8 }, (_, i) => point(`mv_${i}`, 1, 10, 5))
    expect(dailyCharts(many, (id) => id)[0]?.series).toHaveLength(6)
    expect(dailyCharts([], (id) => id)).toEqual([])
  })
})
