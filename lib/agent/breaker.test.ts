import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breakerWindow } from './breaker.ts'

describe('breakerWindow', () => {
  it('says what a count over the last outcomes says, whatever the sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(19),
        (outcomes, window, n) => {
          const failures = (n % window) + 1
          const breaker = breakerWindow({ window, failures })
          outcomes.forEach((failed, i) => {
            const last = outcomes.slice(Math.max(0, i + 1 - window), i + 1)
            const expected = failed && last.filter(Boolean).length >= failures
            expect(breaker.record(failed) !== null).toBe(expected)
          })
        },
      ),
    )
  })

  it('names the failures it counted', () => {
    const breaker = breakerWindow({ window: 4, failures: 2 })
    expect([true, false, true].map((failed) => breaker.record(failed))).toEqual([
      null,
      null,
      '2 of its last 3 requests failed',
    ])
  })
})
