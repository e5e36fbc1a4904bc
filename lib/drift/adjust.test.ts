import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { adjustPValues } from './adjust.ts'

const published = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]

const rejected = (p: readonly number[]) => p.filter((value) => value < 0.05).length

describe('adjustPValues', () => {
  // statsmodels multipletests, the textbook example of Benjamini and Hochberg.
  it('adjusts by Benjamini and Hochberg', () => {
    const expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714, 0.216, 0.216, 0.216]
    for (const [i, value] of adjustPValues(published, 'bh').entries()) {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6)
    }
  })

  it('rejects 2, 1 and 5 at 5 % by BH, Bonferroni and no adjustment', () => {
    expect(rejected(adjustPValues(published, 'bh'))).toBe(2)
    expect(rejected(adjustPValues(published, 'bonferroni'))).toBe(1)
    expect(rejected(published)).toBe(5)
  })

  it('BY is BH times the harmonic number, capped at 1', () => {
    const [by] = adjustPValues([0.001, 0.5], 'by')
    expect(by).toBeCloseTo(0.001 * 2 * 1.5, 12)
  })

  it('counts hypotheses that are not given as p = 1', () => {
    expect(adjustPValues([0.01, 0.02], 'bh', 4)).toEqual(adjustPValues([0.01, 0.02, 1, 1], 'bh').slice(0, 2))
    expect(() => adjustPValues([0.1, 0.2], 'bh', 1)).toThrow(RangeError)
  })

  it.each([[[Number.NaN]], [[-0.1]], [[1.1]]])('refuses %j', (p) => {
    expect(() => adjustPValues(p, 'bh')).toThrow('from 0 to 1')
  })

  it('keeps the order of the p-values, never lowers one, and follows a permutation', () => {
    const lists = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(lists, fc.constantFrom('bh' as const, 'by' as const, 'bonferroni' as const), (p, method) => {
        const adjusted = adjustPValues(p, method)
        for (const [i, a] of p.entries()) {
          expect(adjusted[i]!).toBeGreaterThanOrEqual(a * (1 - 1e-12))
          expect(adjusted[i]!).toBeLessThanOrEqual(1)
          const above = adjusted.filter((_, j) => p[j]! > a)
          expect(above.every((value) => value >= adjusted[i]!)).toBe(true)
        }
        expect(adjustPValues(p.toReversed(), method)).toEqual(adjusted.toReversed())
      }),
    )
  })
})
