import { describe, expect, it } from 'vitest'

import { calculateAdjust, calculateDrift, CalculatorInputError } from './calculate.ts'

const reference = [100, 200, 400, 200, 100]
const current = [120, 180, 350, 220, 130]

describe('calculateDrift', () => {
  it('answers with every figure under its published name', () => {
    const answer = calculateDrift({ reference, current, smoothing: 'none' })
    expect(answer).toMatchObject({
      psi: expect.closeTo(0.022207, 6),
      klReferenceCurrent: expect.closeTo(0.010954, 6),
      klCurrentReference: expect.closeTo(0.011253, 6),
      jsDistance: expect.closeTo(0.052646, 6),
      jsDistanceBase2: expect.closeTo(0.063235, 6),
      hellinger: expect.closeTo(0.052667, 6),
      totalVariation: expect.closeTo(0.07, 6),
      chi2: { statistic: expect.closeTo(11.069571, 6), df: 4, p: expect.closeTo(0.025793, 6) },
      psiP: expect.closeTo(0.025423, 6),
      psiCritical05: expect.closeTo(0.018975, 6),
      psiBias: expect.closeTo(0.008, 9),
      notes: [],
    })
    expect(answer.contributions).toHaveLength(5)
  })

  it('smooths by Jeffreys when nothing is said', () => {
    const answer = calculateDrift({ reference: [500, 300, 200], current: [600, 400, 0] })
    expect(answer.psi).toBeCloseTo(1.243869, 6)
    expect(answer.jsDistanceBase2).toBeCloseTo(0.329323, 6)
  })

  it('gives null and the reason for infinite figures', () => {
    const answer = calculateDrift({ reference: [500, 300, 200], current: [600, 400, 0], smoothing: 'none' })
    expect(answer).toMatchObject({ psi: null, klReferenceCurrent: null, psiP: null })
    expect(answer.klCurrentReference).toBeGreaterThan(0)
    expect(answer.contributions[2]).toBeNull()
    expect(answer.notes.join('\n')).toMatch(/psi is infinite[^]*psiP is undefined[^]*contributions\[2\] is infinite/)
  })

  it('gives null and the reason without rows, and plain figures for constant columns', () => {
    const empty = calculateDrift({ reference: [0, 0], current: [1, 2] })
    expect(empty).toMatchObject({ psi: null, chi2: null, psiP: null, psiBias: null, contributions: [null, null] })
    expect(empty.notes).toEqual(['every figure is undefined: reference has no rows'])
    const constant = calculateDrift({ reference: [10], current: [3] })
    expect(constant).toMatchObject({
      psi: 0,
      psiP: 1,
      psiCritical05: 0,
      chi2: { statistic: 0, df: 0, p: 1 },
      notes: [],
    })
  })

  it('always answers with JSON that holds no NaN', () => {
    for (const c of [
      [1, 0],
      [0, 0],
      [0, 5],
      [90_000_000_000, 1],
    ]) {
      const answer = calculateDrift({ reference: [3, 1], current: c, smoothing: 'none' })
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer)
    }
  })

  it.each([
    ['not an object', 7, 'input'],
    ['null', null, 'input'],
    ['no counts', {}, 'reference'],
    ['empty counts', { reference: [], current: [] }, 'reference'],
    ['unequal lengths', { reference: [1, 2], current: [1] }, 'current: must have as many counts'],
    ['a negative count', { reference: [1, -2], current: [1, 2] }, 'reference.1'],
    ['a fraction', { reference: [1, 2.5], current: [1, 2] }, 'reference.1'],
    ['NaN', { reference: [1, Number.NaN], current: [1, 2] }, 'reference.1'],
    ['a text', { reference: [1, '2'], current: [1, 2] }, 'reference.1'],
    ['an unknown smoothing', { reference: [1], current: [1], smoothing: 'laplace' }, 'smoothing'],
    ['an unknown key', { reference: [1], current: [1], bins: 3 }, 'bins'],
  ])('refuses %s', (_name, input, message) => {
    expect(() => calculateDrift(input)).toThrow(CalculatorInputError)
    expect(() => calculateDrift(input)).toThrow(message)
  })
})

describe('calculateAdjust', () => {
  it('adjusts', () => {
    expect(calculateAdjust({ p: [0.01, 0.04], method: 'bh' })).toEqual({ adjusted: [0.02, 0.04] })
    expect(calculateAdjust({ p: [], method: 'by' })).toEqual({ adjusted: [] })
  })

  it.each([
    [{ p: [0.1] }, 'method'],
    [{ p: [1.5], method: 'bh' }, 'p.0'],
    [{ p: [null], method: 'bh' }, 'p.0'],
    [[], 'input'],
  ])('refuses %j', (input, message) => {
    expect(() => calculateAdjust(input)).toThrow(CalculatorInputError)
    expect(() => calculateAdjust(input)).toThrow(message)
  })
})
