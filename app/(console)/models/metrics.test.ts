import { describe, expect, it } from 'vitest'
import { compareMetrics, decimalsFor } from './metrics.ts'

describe('metrics beside those of the serving version', () => {
  it('has a difference only where both were measured', () => {
    expect(compareMetrics({ auc: 0.75, ece: 0.5 }, { auc: 0.5, rmse: 3 })).toEqual([
      { name: 'auc', value: 0.75, serving: 0.5, delta: 0.25 },
      { name: 'ece', value: 0.5, serving: null, delta: null },
      { name: 'rmse', value: null, serving: 3, delta: null },
    ])
  })
  it('never takes an absent metric for zero', () => {
    expect(compareMetrics({ auc: 0 }, null)).toEqual([{ name: 'auc', value: 0, serving: null, delta: null }])
  })
})

describe('decimals', () => {
  it('show four significant figures of the larger number', () => {
    expect(decimalsFor(0.91234, 0.9)).toBe(4)
    expect(decimalsFor(12.5, null)).toBe(2)
    expect(decimalsFor(12345.6)).toBe(0)
    expect(decimalsFor(0.000001)).toBe(6)
  })
  it('are none for whole numbers and for nothing', () => {
    expect(decimalsFor(3, 12)).toBe(0)
    expect(decimalsFor(null, null)).toBe(0)
  })
})
