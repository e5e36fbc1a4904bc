import { describe, expect, it } from 'vitest'
import { readEventTime } from './event-time.ts'

describe('readEventTime', () => {
  it.each([
    ['0', 0],
    ['1748736000000', 1_748_736_000_000],
    ['2025-06-01T00:00:00Z', Date.UTC(2025, 5, 1)],
    ['2025-06-01T02:00:00.5+02:00', Date.UTC(2025, 5, 1) + 500],
  ])('reads %s', (text, ms) => {
    expect(readEventTime(text)).toBe(ms)
  })

  it.each(['', 'yesterday', '2025-06-01', '2025-13-01T00:00:00Z', '1e9', '12.5', '9999999999999999'])(
    'refuses %j',
    (text) => {
      expect(readEventTime(text)).toBeNull()
    },
  )
})
