import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closedUntil, silentWindowsMax, windowsToEvaluate } from './windows.ts'

describe('closedUntil', () => {
  it('closes a window when event time has passed its end by the lateness', () => {
    expect(closedUntil(3600, 7199, 0)).toBe(3600)
    expect(closedUntil(3600, 7200, 0)).toBe(7200)
    expect(closedUntil(3600, 7200 + 299, 300)).toBe(3600)
    expect(closedUntil(3600, 7200 + 300, 300)).toBe(7200)
    expect(closedUntil(3600, null, 0)).toBe(-Infinity)
  })
})

describe('windowsToEvaluate', () => {
  const list = (countedMs: number[], untilMs: number, fromMs = 0, beforeMs: number | null = null) =>
    windowsToEvaluate({ windowMs: 10, fromMs, untilMs, beforeMs, countedMs })

  it('lists windows with rows and the silence after them', () => {
    expect(list([20, 50], 80)).toEqual([20, 30, 40, 50, 60, 70])
    expect(list([], 80)).toEqual([])
    expect(list([20], 20)).toEqual([])
    expect(list([50], 80, 35, 20)).toEqual([40, 50, 60, 70])
  })

  it('passes over a long silence', () => {
    const starts = list([0, 1_000_000], 1_000_010)
    expect(starts).toHaveLength(silentWindowsMax + 2)
    expect(starts.slice(-2)).toEqual([silentWindowsMax * 10, 1_000_000])
  })

  it('does not depend on where one starts', () => {
    const counted = fc.uniqueArray(fc.nat(3000), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(counted, fc.nat(3500), fc.nat(3500), (indices, from, until) => {
        const countedMs = indices.map((i) => i * 10).sort((a, b) => a - b)
        const [fromMs, untilMs] = [from * 10, until * 10]
        const later = countedMs.filter((at) => at >= fromMs)
        const beforeMs = countedMs.findLast((at) => at < fromMs) ?? null
        const whole = list(countedMs, untilMs).filter((at) => at >= fromMs)
        expect(list(later, untilMs, fromMs, beforeMs)).toEqual(whole)
      }),
    )
  })
})
