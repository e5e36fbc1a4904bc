import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, hear, phaseOf, refreshDelayMs, refreshEveryMs, silenceMsMax, startLive } from './machine.ts'

describe('phaseOf', () => {
  it('connects, lives, and says within 5 s that the stream is lost', () => {
    const start = startLive(0)
    expect(phaseOf(start, 100)).toBe('connecting')
    const live = hear(start, { kind: 'ping' }, 1000)
    expect(phaseOf(live, 1000 + silenceMsMax)).toBe('live')
    expect(phaseOf(live, 1000 + silenceMsMax + 1)).toBe('reconnecting')
    expect(silenceMsMax + 1000).toBeLessThanOrEqual(5000)
  })
  it('gives up connecting after the same silence', () => {
    expect(phaseOf(startLive(0), silenceMsMax + 1)).toBe('reconnecting')
  })
  it('is lost at once when the connection drops, and back with the next word', () => {
    const live = hear(startLive(0), { kind: 'ping' }, 1000)
    const down = hear(live, { kind: 'down' }, 1100)
    expect(phaseOf(down, 1100)).toBe('reconnecting')
    expect(down.lastHeardMs).toBe(1000)
    expect(phaseOf(hear(down, { kind: 'change' }, 1200), 1300)).toBe('live')
  })
  it('says stale while the server itself hears nothing, and live again with the next ping', () => {
    const live = hear(startLive(0), { kind: 'ping' }, 1000)
    const stale = hear(live, { kind: 'stale' }, 3000)
    expect(phaseOf(stale, 3100)).toBe('stale')
    expect(phaseOf(stale, 3000 + silenceMsMax + 1)).toBe('reconnecting')
    expect(phaseOf(hear(stale, { kind: 'ping' }, 5000), 5100)).toBe('live')
  })
  it('says paused whatever the stream does', () => {
    expect(phaseOf({ ...startLive(0), paused: true, down: true }, 99_999)).toBe('paused')
  })
})

describe('refreshDelayMs', () => {
  it('waits for a change, and while something holds the page', () => {
    const base = { lastRefreshMs: null, nowMs: 10 }
    expect(refreshDelayMs({ ...base, pending: false, held: false })).toBeNull()
    expect(refreshDelayMs({ ...base, pending: true, held: true })).toBeNull()
    expect(refreshDelayMs({ ...base, pending: true, held: false })).toBe(0)
  })
  it('never lets two refreshes come closer than two seconds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 60 }), (steps) => {
        let nowMs = 0
        let last: number | null = null
        const at: number[] = []
        for (const step of steps) {
          nowMs += step
          if (refreshDelayMs({ pending: true, held: false, lastRefreshMs: last, nowMs }) === 0) {
            at.push(nowMs)
            last = nowMs
          }
        }
        for (const [i, time] of at.entries()) {
          if (i > 0) expect(time - at[i - 1]!).toBeGreaterThanOrEqual(refreshEveryMs)
        }
      }),
    )
  })
})

describe('backoffMs', () => {
  it('doubles to a bound and stays in its upper half', () => {
    expect([0, 1, 2, 3, 4, 500].map((attempt) => backoffMs(attempt, 1))).toEqual([
      1000, 2000, 4000, 8000, 15_000, 15_000,
    ])
    expect(backoffMs(4, 0)).toBe(7500)
  })
})
