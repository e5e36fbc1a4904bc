import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MetricVerdict } from '#lib/rollouts/metric-verdict.ts'
import {
  candidateShares,
  cutAround,
  errorRates,
  gridOver,
  latencies,
  observedWeights,
  sideIntervals,
} from './series.ts'
import type { Look, RequestPoint } from './series.ts'

const grid = { startMs: 0, stepMs: 10_000, length: 4 }
const point = (versionId: string, atMs: number, requests: number, errors: number): RequestPoint => ({
  versionId,
  at: new Date(atMs),
  requests,
  errors,
  p95Ms: requests === 0 ? null : 40,
})
const verdict = (difference: MetricVerdict['difference'], noDataBecause: string | null = null): MetricVerdict => ({
  name: 'accuracy',
  of: 'quality.accuracy',
  critical: false,
  verdict: noDataBecause === null ? 'continue' : 'noData',
  margin: { notWorseThan: { by: 0.02 } },
  alpha: 0.01,
  samples: { stable: 10, candidate: 10 },
  difference,
  stable: [0.8, 0.9],
  candidate: [0.7, 0.9],
  noDataBecause,
  labelDelaySeconds: 0,
})
const look = (atMs: number, metrics: MetricVerdict[] = [], observedPercent: number | null = 5): Look => ({
  atMs,
  metrics,
  intendedPercent: 5,
  observedPercent,
})

describe('the grid', () => {
  it('covers the span in whole steps and begins at a multiple of the step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.integer({ min: 1, max: 60 }),
        (from, span, tens) => {
          const { startMs, stepMs, length } = gridOver(from, from + span, tens * 10_000)
          expect(startMs % stepMs).toBe(0)
          expect(startMs).toBeLessThanOrEqual(from)
          expect(startMs + length * stepMs).toBeGreaterThanOrEqual(from + span)
          expect(startMs + (length - 1) * stepMs).toBeLessThan(from + span)
        },
      ),
    )
  })
})

describe('series of requests', () => {
  const points = [point('a', 0, 100, 1), point('b', 0, 50, 0), point('a', 20_000, 0, 0)]
  it('give a rate with its interval, and nothing where nothing came', () => {
    const rates = errorRates(points, 'a', grid)
    expect(rates.values).toEqual([1, null, null, null])
    expect(rates.low[0]).toBeLessThan(1)
    expect(rates.high[0]).toBeGreaterThan(1)
    expect(rates.low[1]).toBeNull()
  })
  it('give latencies only of that version', () => {
    expect(latencies(points, 'b', grid)).toEqual([40, null, null, null])
  })
  it('give the candidate its share of all requests', () => {
    expect(candidateShares(points, 'b', grid).values[0]).toBeCloseTo(100 / 3)
    expect(candidateShares(points, 'b', grid).values[2]).toBeNull()
  })
})

describe('series of looks', () => {
  it('hold until the next look, and not for ever', () => {
    expect(observedWeights([look(1000), look(11_000, [], 25)], { ...grid, length: 6 })).toEqual([
      5,
      25,
      25,
      25,
      null,
      null,
    ])
    expect(observedWeights([look(1000, [], null)], grid)[0]).toBeNull()
  })
  it('draw no interval without samples, without a bound, or before the first look', () => {
    const metric = { name: 'accuracy', side: 'difference' as const, factor: 100 }
    const drawn = (difference: MetricVerdict['difference'], because: string | null = null) =>
      sideIntervals([look(11_000, [verdict(difference, because)])], grid, metric).values
    expect(drawn([-0.02, 0.04])).toEqual([null, 1, 1, 1])
    expect(drawn([-0.02, null])).toEqual([null, null, null, null])
    expect(drawn([-0.02, 0.04], 'no samples on stable')).toEqual([null, null, null, null])
  })
  it('show the look that ended a step, though one with nothing to judge followed at once', () => {
    const metric = { name: 'accuracy', side: 'difference' as const, factor: 100 }
    const looks = [look(1000, [verdict([-0.02, 0.04])]), look(2000)]
    expect(sideIntervals(looks, grid, metric).values[0]).toBe(1)
  })
  it('are cut around the margin, so that a wide start does not hide it', () => {
    const cut = cutAround(2, 0)
    expect(cut).toEqual([-8, 8])
    const metric = { name: 'accuracy', side: 'difference' as const, factor: 100 }
    const { low, high } = sideIntervals([look(0, [verdict([-1, 0.03])])], grid, metric, cut)
    expect([low[0], high[0]]).toEqual([-8, 3])
  })
})
