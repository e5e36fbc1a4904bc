import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  hellinger,
  jsDistance,
  jsDistanceBase2,
  klDivergence,
  lInfinity,
  psi,
  smoothedShares,
  totalVariation,
} from './divergence.ts'

// Worked cases, computed with SciPy 1.17.1 (p = reference share, q = current share, natural logarithm):
// PSI Σ(p−q)ln(p/q); KL Σp·ln(p/q); JS distance scipy.spatial.distance.jensenshannon; Hellinger √(½Σ(√p−√q)²); TV ½Σ|p−q|.
const shifted = { reference: [100, 200, 400, 200, 100], current: [120, 180, 350, 220, 130] }
const vanished = { reference: [500, 300, 200], current: [600, 400, 0] }
const disjoint = { reference: [2, 2, 0, 0], current: [0, 0, 2, 2] }
const flightDelays = {
  january: [106105, 71445, 78224, 65910, 77355, 49093, 35048, 18671, 6388],
  june: [92109, 74935, 82717, 66957, 73736, 44667, 34198, 21896, 11007],
}

describe('worked cases', () => {
  it.each([
    ['PSI', psi(shifted.reference, shifted.current, 'none')?.value, 0.022207],
    ['KL(ref‖cur)', klDivergence(shifted.reference, shifted.current, 'none'), 0.010954],
    ['KL(cur‖ref)', klDivergence(shifted.current, shifted.reference, 'none'), 0.011253],
    ['JS distance, base e', jsDistance(shifted.reference, shifted.current), 0.052646],
    ['JS distance, base 2', jsDistanceBase2(shifted.reference, shifted.current), 0.063235],
    ['JS divergence, bits', (jsDistanceBase2(shifted.reference, shifted.current) ?? 0) ** 2, 0.003999],
    ['Hellinger', hellinger(shifted.reference, shifted.current), 0.052667],
    ['total variation', totalVariation(shifted.reference, shifted.current), 0.07],
    ['L∞', lInfinity(shifted.reference, shifted.current), 0.05],
    [
      'PSI of seven bins',
      psi([253, 302, 204, 134, 72, 26, 8], [177, 262, 285, 158, 88, 25, 6], 'none')?.value,
      0.067693,
    ],
    ['PSI Jeffreys, a bin vanished', psi(vanished.reference, vanished.current, 'jeffreys')?.value, 1.243869],
    ['PSI Jeffreys, a bin appeared', psi(vanished.current, vanished.reference, 'jeffreys')?.value, 1.243869],
    ['JS base 2, a bin vanished', jsDistanceBase2(vanished.reference, vanished.current), 0.329323],
    ['JS base e, disjoint', jsDistance(disjoint.reference, disjoint.current), 0.832555],
    ['JS base 2, disjoint', jsDistanceBase2(disjoint.reference, disjoint.current), 1],
    ['Hellinger, disjoint', hellinger(disjoint.reference, disjoint.current), 1],
    [
      'PSI Jeffreys, shifted uniform',
      psi(Array(10).fill(100), [0, ...Array(8).fill(100), 200], 'jeffreys')?.value,
      0.596414,
    ],
    ['PSI with a NaN cell', psi([400, 300, 200, 100], [350, 250, 200, 200], 'none')?.value, 0.085107],
    ['PSI without it', psi([400, 300, 200], [350, 250, 200], 'none')?.value, 0.004726],
    ['PSI of flight delays', psi(flightDelays.january, flightDelays.june, 'jeffreys')?.value, 0.011842],
    ['KL of flight delays', klDivergence(flightDelays.january, flightDelays.june, 'jeffreys'), 0.005698],
    ['JS base 2 of flight delays', jsDistanceBase2(flightDelays.january, flightDelays.june), 0.046075],
  ])('%s', (_name, value, expected) => {
    expect(Math.abs((value ?? Number.NaN) - expected)).toBeLessThan(1e-6)
  })

  it('gives the contribution of every cell', () => {
    const expected = [0.003646, 0.002107, 0.006677, 0.001906, 0.007871]
    const { contributions } = psi(shifted.reference, shifted.current, 'none')!
    for (const [i, part] of contributions.entries()) expect(Math.abs(part - expected[i]!)).toBeLessThan(1e-6)
  })

  it('is infinite without smoothing when a cell is empty on one side', () => {
    expect(psi(vanished.reference, vanished.current, 'none')).toEqual({
      value: Infinity,
      contributions: [expect.any(Number), expect.any(Number), Infinity],
    })
    expect(klDivergence(vanished.reference, vanished.current, 'none')).toBe(Infinity)
    expect(klDivergence(vanished.current, vanished.reference, 'none')).toBeLessThan(1)
  })

  it('leaves a cell that is empty on both sides out of the smoothing', () => {
    const without = psi([9_000, 1_000], [80, 20], 'jeffreys')?.value
    expect(psi([9_000, 0, 1_000], [80, 0, 20], 'jeffreys')?.value).toBe(without)
  })

  it('is null without rows, and refuses vectors of unequal length', () => {
    expect(psi([0, 0], [1, 2], 'jeffreys')).toBeNull()
    expect(jsDistance([1, 2], [0, 0])).toBeNull()
    expect(() => smoothedShares([1], [1, 2], 'none')).toThrow(RangeError)
  })
})

const cell = fc.oneof({ weight: 3, arbitrary: fc.nat(1000) }, { weight: 1, arbitrary: fc.constant(0) })
const pairs = fc
  .array(fc.tuple(cell, cell), { minLength: 1, maxLength: 40 })
  .map((rows) => ({ reference: rows.map(([r]) => r), current: rows.map(([, c]) => c) }))
  .filter(({ reference, current }) => reference.some((x) => x > 0) && current.some((x) => x > 0))
const distances = { jsDistance, jsDistanceBase2, hellinger, totalVariation, lInfinity }

describe('properties', () => {
  it('contributions add up to the PSI exactly, and none is negative', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom('jeffreys' as const, 'none' as const), ({ reference, current }, smoothing) => {
        const { value, contributions } = psi(reference, current, smoothing)!
        expect(contributions.reduce((a, b) => a + b, 0)).toBe(value)
        expect(contributions.every((part) => part >= 0)).toBe(true)
      }),
    )
  })

  it('symmetric figures are symmetric and bounded, never NaN', () => {
    fc.assert(
      fc.property(pairs, ({ reference, current }) => {
        for (const distance of Object.values(distances)) {
          const value = distance(reference, current)!
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
          expect(Math.abs(value - distance(current, reference)!)).toBeLessThan(1e-7)
        }
        const forth = psi(reference, current, 'jeffreys')!.value
        expect(Math.abs(forth - psi(current, reference, 'jeffreys')!.value)).toBeLessThan(1e-9 * (1 + forth))
        expect(jsDistance(reference, current)!).toBeLessThanOrEqual(Math.sqrt(Math.LN2))
      }),
    )
  })

  it('PSI is the sum of both KL divergences', () => {
    fc.assert(
      fc.property(pairs, ({ reference, current }) => {
        const both = klDivergence(reference, current, 'jeffreys')! + klDivergence(current, reference, 'jeffreys')!
        expect(Math.abs(both - psi(reference, current, 'jeffreys')!.value)).toBeLessThan(1e-9)
      }),
    )
  })

  it('is 0 for equal shares, whatever the order of cells', () => {
    fc.assert(
      fc.property(pairs, ({ reference, current }) => {
        expect(psi(reference, reference, 'none')!.value).toBe(0)
        expect(jsDistance(reference, reference)).toBe(0)
        const turned = psi(reference.toReversed(), current.toReversed(), 'jeffreys')!.value
        expect(Math.abs(turned - psi(reference, current, 'jeffreys')!.value)).toBeLessThan(1e-9)
      }),
    )
  })
})
