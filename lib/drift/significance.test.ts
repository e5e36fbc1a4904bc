import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { psi } from './divergence.ts'
import {
  chiSquareHomogeneity,
  cramersV,
  ksOnGrid,
  nullRateTest,
  psiBias,
  psiCritical,
  psiMinimumDetectable,
  psiPValue,
  standardisedResiduals,
  w1OnGrid,
} from './significance.ts'

// SciPy 1.17.1: chi2_contingency(correction=False); chi2.ppf and chi2.sf scaled by (1/N+1/M); two-proportion z, pooled.
const reference = [100, 200, 400, 200, 100]
const current = [120, 180, 350, 220, 130]
const sevenBins = { reference: [253, 302, 204, 134, 72, 26, 8], current: [177, 262, 285, 158, 88, 25, 6] }
const delays = {
  january: [106105, 71445, 78224, 65910, 77355, 49093, 35048, 18671, 6388],
  june: [92109, 74935, 82717, 66957, 73736, 44667, 34198, 21896, 11007],
}
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
const psiOf = (a: readonly number[], b: readonly number[]) => psi(a, b, 'none')!.value

describe('worked cases', () => {
  it.each([
    ['χ²', chiSquareHomogeneity(reference, current)?.statistic, 11.069571],
    ['χ² p', chiSquareHomogeneity(reference, current)?.p, 0.025793],
    ['PSI critical at 5 %', psiCritical(0.05, 5, 1000, 1000), 0.018975],
    ['PSI p', psiPValue(psiOf(reference, current), 5, 1000, 1000), 0.025423],
    ['Cramér V, bias-corrected', cramersV(reference, current), 0.059461],
    ['seven bins: critical', psiCritical(0.05, 7, 999, 1001), 0.025183],
    ['seven bins: p', psiPValue(psiOf(sevenBins.reference, sevenBins.current), 7, 999, 1001), 7.2026e-6],
    ['seven bins: adjusted', psiOf(sevenBins.reference, sevenBins.current) - psiBias(7, 999, 1001), 0.055693],
    ['seven bins: reference known exactly', psiCritical(0.05, 7, Infinity, 1001), 0.012579],
    ['vanished bin: χ²', chiSquareHomogeneity([500, 300, 200], [600, 400, 0])?.statistic, 223.376623],
    ['appeared bin: χ²', chiSquareHomogeneity([600, 400, 0], [500, 300, 200])?.statistic, 223.376623],
    ['2×2, no Yates', chiSquareHomogeneity([130, 370], [240, 260])?.statistic, 51.909052],
    ['critical at (1000, 1000)', psiCritical(0.05, 10, 1000, 1000), 0.033838],
    ['critical at (1000, 100)', psiCritical(0.05, 10, 1000, 100), 0.186109],
    ['critical at (10000, 200)', psiCritical(0.05, 10, 10_000, 200), 0.086287],
    ['P(PSI > 0.1 | no drift) at (1000, 100)', psiPValue(0.1, 10, 1000, 100), 0.428925],
    ['null rate z', nullRateTest({ nulls: 100, rows: 1000 }, { nulls: 200, rows: 1000 })?.z, 6.262243],
    ['flight delays: KS', ksOnGrid(delays.january, delays.june), 0.025367],
    ['flight delays: critical', psiCritical(0.05, 9, sum(delays.january), sum(delays.june)), 6.14e-5],
  ])('%s', (_name, value, expected) => {
    expect(Math.abs((value ?? Number.NaN) - expected)).toBeLessThan(1e-6)
  })

  it('KS and W1 on a grid as fine as the data are exact: 0…999 against 100…1099', () => {
    const edges = Array.from({ length: 1101 }, (_, i) => i)
    const cells = (from: number) => [0, ...edges.map((e) => (e >= from && e < from + 1000 ? 1 : 0))]
    expect(ksOnGrid(cells(0), cells(100))).toBeCloseTo(0.1, 9)
    expect(w1OnGrid(cells(0), cells(100), edges)).toBeCloseTo(100, 6)
  })

  it('identical and constant columns: statistic 0, p 1', () => {
    expect(chiSquareHomogeneity([100, 500], [50, 250])).toEqual({ statistic: 0, df: 1, p: 1 })
    expect(chiSquareHomogeneity([7, 0], [9, 0])).toEqual({ statistic: 0, df: 0, p: 1 })
    expect(psiPValue(0, 1, 7, 9)).toBe(1)
    expect(psiCritical(0.05, 1, 7, 9)).toBe(0)
    expect(cramersV([7, 0], [9, 0])).toBe(0)
    expect(nullRateTest({ nulls: 0, rows: 5 }, { nulls: 0, rows: 5 })).toEqual({ z: 0, p: 1 })
  })

  // Exact λ of the non-central chi-square at α = 0.05 and power 0.8, from Cohen's tables: df 1 7.85, df 4 11.94, df 9 15.65.
  it.each([
    [2, 7.849],
    [5, 11.935],
    [10, 15.65],
  ])('minimum detectable effect with %i cells is within 3 %% of the exact one', (cells, lambda) => {
    const value = psiMinimumDetectable(cells, Infinity, 1, 0.05)!
    expect(Math.abs(value / lambda - 1)).toBeLessThan(0.03)
  })

  it('null without rows; no effect to detect in one cell', () => {
    expect(chiSquareHomogeneity([0], [3])).toBeNull()
    expect(nullRateTest({ nulls: 0, rows: 0 }, { nulls: 0, rows: 5 })).toBeNull()
    expect(psiMinimumDetectable(1, 10, 10, 0.05)).toBeNull()
    expect(ksOnGrid([0, 0], [1, 1])).toBeNull()
  })
})

const vector = fc.array(fc.nat(500), { minLength: 2, maxLength: 12 })

describe('properties', () => {
  it('residuals of a two-cell table are the root of χ² and opposite', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(500)),
        fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(500)),
        (a, b) => {
          const [first, second] = standardisedResiduals(a, b)
          expect(first! + second!).toBeCloseTo(0, 6)
          expect(first! ** 2).toBeCloseTo(chiSquareHomogeneity(a, b)!.statistic, 6)
        },
      ),
    )
  })

  it('p is never NaN and between 0 and 1', () => {
    fc.assert(
      fc.property(vector, (counts) => {
        const other = counts.toReversed()
        const test = chiSquareHomogeneity(counts, other)
        if (test === null) return
        expect(test.p).toBeGreaterThanOrEqual(0)
        expect(test.p).toBeLessThanOrEqual(1)
        expect(cramersV(counts, other)).not.toBeNaN()
        expect(standardisedResiduals(counts, other).some(Number.isNaN)).toBe(false)
      }),
    )
  })
})
