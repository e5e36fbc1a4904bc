import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import { lnLikelihoodRatio, proportionInterval, quantileInterval } from './confidence-sequence.ts'

const counts = fc
  .integer({ min: 1, max: 1_000_000 })
  .chain((n) => fc.record({ n: fc.constant(n), k: fc.integer({ min: 0, max: n }) }))
const alphas = fc.double({ min: 1e-6, max: 0.5, noNaN: true })

describe('proportionInterval', () => {
  it('has ends that satisfy the defining equation', () => {
    fc.assert(
      fc.property(counts, alphas, ({ n, k }, alpha) => {
        const [lo, hi] = proportionInterval({ n, k }, alpha)
        if (k > 0) expect(lnLikelihoodRatio({ n, k }, lo)).toBeCloseTo(-Math.log(alpha), 4)
        // An end right beside 1 has few digits left in a double, so the upper end is held as the lower one of the failures.
        const mirrored = { n, k: n - k }
        const [lowest] = proportionInterval(mirrored, alpha)
        expect(hi).toBeCloseTo(1 - lowest, 15)
        if (k < n) expect(lnLikelihoodRatio(mirrored, lowest)).toBeCloseTo(-Math.log(alpha), 4)
        if (k === 0) expect(lo).toBe(0)
        if (k === n) expect(hi).toBe(1)
      }),
      { examples: [[{ n: 663_024, k: 663_023 }, 1e-6]] },
    )
  })

  it('agrees with the definition computed by products instead of betaln', () => {
    // B(k+1/2, n-k+1/2)/B(1/2, 1/2) is the product of the sequential Krichevsky–Trofimov predictions.
    const [n, k, alpha] = [40, 3, 0.05]
    const ratioAt = (p: number): number => {
      let ratio = 1
      for (let i = 0; i < n; i += 1) {
        const predicted = i < k ? (i + 0.5) / (i + 1) : (i - k + 0.5) / (i + 1)
        ratio *= predicted / (i < k ? p : 1 - p)
      }
      return ratio
    }
    for (const end of proportionInterval({ n, k }, alpha)) expect(ratioAt(end)).toBeCloseTo(1 / alpha, 9)
  })

  it('solves one trial by hand: 1/(2(1-p)) = 1/alpha', () => {
    expect(proportionInterval({ n: 1, k: 0 }, 0.05)).toEqual([0, expect.closeTo(0.975, 12)])
    expect(proportionInterval({ n: 1, k: 1 }, 0.05)).toEqual([expect.closeTo(0.025, 12), 1])
  })

  it('contains the estimate, is symmetric, and widens as alpha falls', () => {
    fc.assert(
      fc.property(counts, alphas, ({ n, k }, alpha) => {
        const [lo, hi] = proportionInterval({ n, k }, alpha)
        expect(lo).toBeLessThanOrEqual(k / n)
        expect(hi).toBeGreaterThanOrEqual(k / n)
        const [mirroredLo, mirroredHi] = proportionInterval({ n, k: n - k }, alpha)
        expect(mirroredLo).toBeCloseTo(1 - hi, 12)
        expect(mirroredHi).toBeCloseTo(1 - lo, 12)
        const [wideLo, wideHi] = proportionInterval({ n, k }, alpha / 2)
        expect(wideLo).toBeLessThanOrEqual(lo)
        expect(wideHi).toBeGreaterThanOrEqual(hi)
      }),
    )
  })

  it('shrinks with n at the same rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 100_000 }), (tenths, tens) => {
        const width = (n: number): number => {
          const [lo, hi] = proportionInterval({ n, k: (n * tenths) / 10 }, 0.05)
          return hi - lo
        }
        expect(width(40 * tens)).toBeLessThan(width(10 * tens))
      }),
    )
  })

  it('is [0, 1] without trials', () => {
    expect(proportionInterval({ n: 0, k: 0 }, 0.05)).toEqual([0, 1])
  })

  it('stays stable at a thousand million trials', () => {
    // Away from the ends the ratio at the estimate tends to sqrt(2/(π·n)), so KL(p̂ ‖ end) ≈ (ln(1/α) + ln(π·n/2)/2)/n.
    const n = 1e9
    const halfWidth = Math.sqrt((2 * (Math.log(20) + Math.log((Math.PI * n) / 2) / 2) * 0.25) / n)
    const [lo, hi] = proportionInterval({ n, k: n / 2 }, 0.05)
    expect(hi - 0.5).toBeCloseTo(halfWidth, 9)
    expect(0.5 - lo).toBeCloseTo(halfWidth, 9)
    const [zeroLo, zeroHi] = proportionInterval({ n, k: 0 }, 0.05)
    expect(zeroLo).toBe(0)
    // (1-p)^n = α · B(1/2, n+1/2)/π ≈ α/sqrt(π·n)
    expect(zeroHi * n).toBeCloseTo(Math.log(20) + Math.log(Math.PI * n) / 2, 5)
    expect(proportionInterval({ n, k: n }, 0.05)[1]).toBe(1)
  })

  it.each([
    [{ n: 1, k: 2 }, 0.05, 'counts must be integers with 0 <= k <= n <= 1e9, not k=2, n=1'],
    [{ n: 1.5, k: 1 }, 0.05, 'counts must be integers with 0 <= k <= n <= 1e9, not k=1, n=1.5'],
    [{ n: 1, k: -1 }, 0.05, 'counts must be integers with 0 <= k <= n <= 1e9, not k=-1, n=1'],
    [{ n: NaN, k: 0 }, 0.05, 'counts must be integers with 0 <= k <= n <= 1e9, not k=0, n=NaN'],
    [{ n: 1, k: 1 }, 0, 'alpha must be between 0 and 1 (exclusive), not 0'],
    [{ n: 1, k: 1 }, 1, 'alpha must be between 0 and 1 (exclusive), not 1'],
  ])('refuses %j at alpha %s', (input, alpha, message) => {
    expect(() => proportionInterval(input, alpha)).toThrow(message)
  })
})

describe('quantileInterval', () => {
  it('is the inversion of the proportion sequence, rank by rank', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (sample, q) => {
          const histogram = emptyHistogram()
          for (const value of sample) record(histogram, value)
          const sorted = sample.toSorted((a, b) => a - b)
          const plausible = Array.from({ length: sample.length + 1 }, (_, k) => k).filter(
            (k) => lnLikelihoodRatio({ n: sample.length, k }, q) < Math.log(20),
          )
          const [fewest, most] = [plausible[0]!, plausible.at(-1)!]
          const [lo, hi] = quantileInterval(histogram, q, 0.05)
          const exactLo = fewest === 0 ? 0 : sorted[fewest - 1]!
          expect(lo).toBeLessThanOrEqual(exactLo)
          expect(lo).toBeGreaterThanOrEqual(exactLo * 0.98)
          if (most === sample.length) expect(hi).toBeNull()
          else {
            expect(hi!).toBeGreaterThanOrEqual(sorted[most]!)
            expect(hi!).toBeLessThanOrEqual(sorted[most]! * 1.02)
          }
        },
      ),
    )
  })

  it('only widens on a coarser histogram', () => {
    const [fine, coarse] = [emptyHistogram(6), emptyHistogram(2)]
    for (let i = 1; i <= 2000; i += 1) {
      record(fine, i)
      record(coarse, i)
    }
    const [fineLo, fineHi] = quantileInterval(fine, 0.9, 0.05)
    const [coarseLo, coarseHi] = quantileInterval(coarse, 0.9, 0.05)
    expect(coarseLo).toBeLessThan(fineLo)
    expect(coarseHi!).toBeGreaterThan(fineHi!)
    expect(fineLo).toBeLessThan(1800)
    expect(fineHi!).toBeGreaterThan(1800)
  })

  it('excludes nothing without samples', () => {
    expect(quantileInterval(emptyHistogram(), 0.95, 0.05)).toEqual([0, null])
    expect(() => quantileInterval(emptyHistogram(), 1, 0.05)).toThrow('quantile must be between 0 and 1')
  })
})
