import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetOf, burnFactor, burnRateOf, isSound, sliOf } from './budget.ts'

const hour = 3600
const day = 24 * hour

describe('burn rates', () => {
  // SRE workbook, table 5-8, for 30 days; the figures of 28 days are Sloth's, to the last digit.
  it.each([
    [2, hour, 30 * day, 14.4],
    [5, 6 * hour, 30 * day, 6],
    [10, day, 30 * day, 3],
    [10, 3 * day, 30 * day, 1],
    [2, hour, 28 * day, 13.44],
    [10, 3 * day, 28 * day, 0.9333333333333333],
  ])('%d %% of the budget in %d s of %d s is a rate of %d', (percent, long, window, factor) => {
    expect(burnFactor(percent, long, window)).toBeCloseTo(factor, 14)
  })

  it.each([
    [0.999, 1, 30],
    [0.999, 2, 15],
    [0.999, 10, 3],
    [0.999, 1000, 0.03],
  ])('at target %d and rate %d the budget of 30 days lasts %d days (SRE workbook, table 5-4)', (target, rate, days) => {
    const bad = Math.round(1_000_000 * (1 - target) * rate)
    expect(burnRateOf({ good: 1_000_000 - bad, total: 1_000_000 }, target)).toBeCloseTo(rate, 9)
    const { exhaustedInSeconds } = budgetOf({ good: 1000, total: 1000 }, { target, windowSeconds: 30 * day }, rate)
    expect(exhaustedInSeconds).toBeCloseTo(days * day, 6)
  })

  it('says nothing of an idle service', () => {
    expect(sliOf({ good: 0, total: 0 })).toBeNull()
    expect(burnRateOf({ good: 0, total: 0 }, 0.99)).toBeNull()
    const objective = { target: 0.99, windowSeconds: day }
    expect(budgetOf({ good: 0, total: 0 }, objective, null)).toEqual({
      good: 0,
      total: 0,
      sli: null,
      left: null,
      exhaustedInSeconds: null,
    })
  })
})

describe('the error budget', () => {
  const objective = { target: 0.99, windowSeconds: 30 * day }

  it.each([
    [1000, 1000, 1],
    [995, 1000, 0.5],
    [990, 1000, 0],
    [980, 1000, -1],
  ])('%d good of %d leave %d', (good, total, left) => {
    expect(budgetOf({ good, total }, objective, 0).left).toBeCloseTo(left, 12)
  })

  it('is exhausted now when it is spent, never while nothing burns', () => {
    expect(budgetOf({ good: 980, total: 1000 }, objective, 5).exhaustedInSeconds).toBe(0)
    expect(budgetOf({ good: 999, total: 1000 }, objective, 0).exhaustedInSeconds).toBeNull()
    expect(budgetOf({ good: 999, total: 1000 }, objective, null).exhaustedInSeconds).toBeNull()
  })

  it('refuses more good events than there were', () => {
    expect(isSound({ good: 11, total: 10 })).toBe(false)
    expect(isSound({ good: -1, total: 10 })).toBe(false)
    expect(isSound({ good: 10, total: 10 })).toBe(true)
  })

  it('is never NaN, at most 1, and falls with every bad event', () => {
    const counts = fc.tuple(fc.nat(1e9), fc.nat(1e9)).map(([good, bad]) => ({ good, total: good + bad }))
    const targets = fc.double({ min: 0.5, max: 0.99999, noNaN: true })
    fc.assert(
      fc.property(counts, targets, fc.double({ min: 0, max: 1e6, noNaN: true }), (c, target, rate) => {
        const budget = budgetOf(c, { target, windowSeconds: 30 * day }, rate)
        for (const value of [budget.sli, budget.left, budget.exhaustedInSeconds]) expect(value).not.toBeNaN()
        if (budget.left === null) return
        expect(budget.left).toBeLessThanOrEqual(1)
        const worse = budgetOf({ good: c.good, total: c.total + 1 }, { target, windowSeconds: 30 * day }, rate)
        expect(worse.left).toBeLessThanOrEqual(budget.left)
        expect(budget.exhaustedInSeconds ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
