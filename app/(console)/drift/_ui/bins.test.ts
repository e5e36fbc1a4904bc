import { describe, expect, it } from 'vitest'
import { shownBins } from './bins.ts'

const bin = (label: string, referenceCount: number, currentCount: number, contribution: number) => ({
  label,
  referenceCount,
  currentCount,
  referenceShare: referenceCount / 100,
  currentShare: currentCount / 100,
  contribution,
  residual: 0,
})

describe('the bins that are drawn', () => {
  it('leave out what is empty on both sides and keep the order', () => {
    const bins = [bin('a', 50, 0, 0.2), bin('NaN', 0, 0, 0), bin('b', 50, 100, 0.3)]
    expect(shownBins(bins).map(({ label }) => label)).toEqual(['a', 'b'])
  })
  it('add up to the same statistic when there are too many of them', () => {
    const bins = Array.from({ length: 80 }, (_, i) => bin(`v${i}`, 1, 1, i / 1000))
    const shown = shownBins(bins)
    const total = (rows: readonly { contribution: number }[]) => rows.reduce((sum, row) => sum + row.contribution, 0)
    expect(shown).toHaveLength(30)
    expect(shown.at(-1)?.label).toBe('51 others')
    expect(shown[0]?.label).toBe('v51')
    expect(total(shown)).toBeCloseTo(total(bins), 12)
  })
})
