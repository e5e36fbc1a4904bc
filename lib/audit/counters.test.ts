import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { followCounters } from './counters.ts'

describe('the counters of processes', () => {
  it('name what no entry has, by process', () => {
    const counters = followCounters()
    for (const counter of [1, 2, 5, 4, 9]) expect(counters.hear({ instance: 'a', counter })).toBe(true)
    expect(counters.hear({ instance: 'b', counter: 1 })).toBe(true)
    expect(counters.report()).toEqual({
      instances: 2,
      missing: 4,
      gaps: [
        { instance: 'a', from: 3, to: 3 },
        { instance: 'a', from: 6, to: 8 },
      ],
    })
  })
  it('are each used once', () => {
    const counters = followCounters()
    for (const counter of [1, 3]) counters.hear({ instance: 'a', counter })
    expect(counters.hear({ instance: 'a', counter: 1 })).toBe(false)
    expect(counters.hear({ instance: 'a', counter: 3 })).toBe(false)
  })
  it('miss nothing in whatever order they come', () => {
    const upTo = fc.integer({ min: 1, max: 60 }).chain((n) =>
      fc.shuffledSubarray(
        Array.from({ length: n }, (_, i) => i + 1),
        { minLength: n, maxLength: n },
      ),
    )
    fc.assert(
      fc.property(upTo, (order) => {
        const counters = followCounters()
        for (const counter of order) counters.hear({ instance: 'a', counter })
        expect(counters.report().missing).toBe(0)
      }),
    )
  })
})
