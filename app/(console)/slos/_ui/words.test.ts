import { describe, expect, it } from 'vitest'
import type { SloStatus } from '#lib/slos/model.ts'
import { budgetLeft, exhaustion, promise, sloStatus } from './words.ts'

const status = (left: number | null, exhaustedInSeconds: number | null): SloStatus => ({
  state: 'ok',
  severity: null,
  because: '',
  unless: '',
  budget: { good: 1, total: 2, sli: 0.5, left, exhaustedInSeconds },
  alerts: [],
  windows: [],
  evaluatedTo: '2026-01-01T00:00:00Z',
})

describe('an objective in words', () => {
  it('says what is promised with the digits of its target', () => {
    const base = { windowSeconds: 30 * 86_400, thresholdMs: null }
    expect(promise({ ...base, kind: 'availability', target: 0.999 })).toBe(
      '99.9\u00a0% of requests answered without an error, over 30\u00a0d',
    )
    expect(promise({ windowSeconds: 3600, kind: 'latency', target: 0.95, thresholdMs: 250 })).toContain(
      '95\u00a0% of requests answered within 250 ms',
    )
  })
  it('calls a spent budget spent even when nothing burns now', () => {
    expect(sloStatus({ state: 'ok', severity: null, status: status(-0.1, 0) }).of).toBe('exhausted')
    expect(sloStatus({ state: 'ok', severity: null, status: status(0.4, null) }).of).toBe('met')
    expect(sloStatus({ state: 'no-data', severity: null, status: null }).of).toBe('no-data')
  })
  it('never says that nothing is known in the words of a number', () => {
    expect(exhaustion({ status: null })).toEqual({ words: 'no requests in its window', known: false })
    expect(exhaustion({ status: status(null, null) }).known).toBe(false)
    expect(exhaustion({ status: status(0.4, null) }).words).toBe('not at this rate')
    expect(exhaustion({ status: status(0, 0) }).words).toBe('spent')
    expect(budgetLeft(-0.051)).toBe('\u22125.1\u00a0%')
  })
})
