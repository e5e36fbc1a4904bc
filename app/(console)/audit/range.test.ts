import { describe, expect, it } from 'vitest'
import { parseInstant, ranges } from './range.ts'

const nowMs = Date.parse('2026-03-02T09:00:00Z')

describe('an instant in an address', () => {
  it('counts back from now or is given in full', () => {
    expect(parseInstant('now', nowMs)?.getTime()).toBe(nowMs)
    expect(parseInstant('now-90m', nowMs)?.toISOString()).toBe('2026-03-02T07:30:00.000Z')
    expect(parseInstant('now-7d', nowMs)?.toISOString()).toBe('2026-02-23T09:00:00.000Z')
    expect(parseInstant('2026-03-01T00:00:00Z', nowMs)?.toISOString()).toBe('2026-03-01T00:00:00.000Z')
  })
  it('is absent for everything else', () => {
    for (const text of [undefined, '', 'yesterday', 'now+1h', 'now-0h', 'now-999999d', '2026', '2026-99-99T00:00:00Z'])
      expect(parseInstant(text, nowMs)).toBeUndefined()
  })
  it('understands every range that is offered', () => {
    for (const { from } of ranges) expect(from === '' || parseInstant(from, nowMs) !== undefined).toBe(true)
  })
})
