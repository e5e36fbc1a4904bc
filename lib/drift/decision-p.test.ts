import { describe, expect, it } from 'vitest'

import { binomialUpper, decisionP } from './decision-p.ts'
import { psi } from './divergence.ts'
import { buildProfile } from './profile.ts'
import { psiPValue } from './significance.ts'

const feature = (column: (number | string | null)[]) => buildProfile({ x: column }).features[0]!
const uniform = feature(Array.from({ length: 1000 }, (_, i) => i))

describe('decisionP', () => {
  it('is the plain PSI test where no cell is sparse', () => {
    const current = [60, 55, 50, 50, 50, 50, 50, 50, 45, 40, 0, 0, 0, 0]
    const plain = psi(uniform.counts, current, 'jeffreys')!.value
    const test = decisionP(uniform, current)
    expect(test).toMatchObject({ kind: 'tested', effect: plain, cells: 10, pUnseen: null })
    expect(test).toMatchObject({ p: psiPValue(plain, 10, 1000, 500) })
  })

  it('finds nulls where the reference had none, in effect and in p', () => {
    const test = decisionP(uniform, [...Array.from({ length: 10 }, () => 45), 50, 0, 0, 0])
    expect(test.kind === 'tested' && test.effect > 0.1 && test.p < 1e-12).toBe(true)
  })

  it('expects as many new values as Good and Turing', () => {
    // 40 of 1,000 rows are values met once: about 4 % of new rows should be new values.
    const column = Array.from({ length: 1000 }, (_, i) => (i < 40 ? `once${i}` : `v${i % 20}`))
    const f = feature(column)
    const withUnseen = (unseen: number) => {
      const current = f.counts.map((count) => count / 2)
      const cell = f.counts.length - 2
      current[cell] = unseen
      return decisionP(f, current)
    }
    expect(f.singletons).toBe(40)
    expect(withUnseen(20)).toMatchObject({ kind: 'tested', p: expect.closeTo(1, 0) })
    const many = withUnseen(60)
    expect(many.kind === 'tested' && many.p < 1e-4).toBe(true)
  })

  it('pools rare cells, so that 200 of them do not drown a large one', () => {
    const column = Array.from({ length: 2000 }, (_, i) => (i < 1000 ? 'big' : `rare${i % 90}`))
    const f = feature(column)
    const test = decisionP(
      f,
      f.counts.map((count) => Math.round(count / 10)),
    )
    expect(test).toMatchObject({ kind: 'tested', cells: 2 })
  })

  it('says insufficient without rows and with more levels than half the reference', () => {
    expect(
      decisionP(
        uniform,
        uniform.counts.map(() => 0),
      ).kind,
    ).toBe('insufficient')
    const ids = feature(Array.from({ length: 90 }, (_, i) => `id${i}`))
    expect(decisionP(ids, ids.counts)).toEqual({
      kind: 'insufficient',
      reason: '90 levels in 90 reference rows: their shares are not known',
    })
    expect(decisionP(feature([7]), [1, 0, 0, 0, 0, 0]).kind).toBe('tested')
  })
})

describe('binomialUpper', () => {
  // scipy.stats.binom.sf(k − 1, n, p)
  it.each([
    [0, 10, 0.5, 1],
    [5, 10, 0.5, 0.623046875],
    [10, 10, 0.5, 0.0009765625],
    [11, 10, 0.5, 0],
    [3, 10, 0, 0],
    [3, 10, 1, 1],
  ])('P(X ≥ %i) of %i trials at %d', (k, trials, probability, expected) => {
    expect(binomialUpper(k, trials, probability)).toBeCloseTo(expected, 9)
  })
})
