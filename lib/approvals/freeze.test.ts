import { describe, expect, it } from 'vitest'
import { freezeAt, mayOverride, whyNoFreeze, type Freeze } from './freeze.ts'

const weekend: Freeze = { cron: '0 16 * * 5', duration: 62 * 3600, timezone: 'Europe/Berlin', overrideBy: ['admin'] }
const at = (text: string) => freezeAt([weekend], new Date(text))

describe('a freeze', () => {
  it('holds from its start to the instant before its end', () => {
    expect(at('2026-01-09T14:59:59.999Z')).toBeUndefined()
    expect(at('2026-01-09T15:00:00Z')).toMatchObject({
      from: new Date('2026-01-09T15:00:00Z'),
      until: new Date('2026-01-12T05:00:00Z'),
    })
    expect(at('2026-01-12T04:59:59.999Z')).toBeDefined()
    expect(at('2026-01-12T05:00:00Z')).toBeUndefined()
  })

  it('starts at wall-clock time in its zone, in summer as in winter', () => {
    expect(at('2026-07-10T13:59:59Z')).toBeUndefined()
    expect(at('2026-07-10T14:00:00Z')?.from).toEqual(new Date('2026-07-10T14:00:00Z'))
  })

  it('lasts as long when the clocks change within it', () => {
    // 29 March 2026, 02:00 to 03:00: the weekend has 61 wall-clock hours less one.
    expect(at('2026-03-28T12:00:00Z')?.until).toEqual(new Date('2026-03-30T05:00:00Z'))
    // 25 October 2026, 03:00 to 02:00.
    expect(at('2026-10-24T12:00:00Z')?.until).toEqual(new Date('2026-10-26T04:00:00Z'))
  })

  it('starts once on the night that skips its hour and once on the night that has it twice', () => {
    const night: Freeze = { cron: '30 2 * * *', duration: 1800, timezone: 'Europe/Berlin', overrideBy: [] }
    const minutes = (day: string) => {
      const midnight = Date.parse(`${day}T00:00:00Z`) - 2 * 3_600_000
      return Array.from({ length: 8 * 60 }, (_, m) => new Date(midnight + m * 60_000)).filter((t) =>
        freezeAt([night], t),
      )
    }
    expect(minutes('2026-03-29')).toHaveLength(30)
    expect(minutes('2026-10-25')).toHaveLength(30)
    expect(minutes('2026-03-30')).toHaveLength(30)
  })

  it('takes windows that overlap as one', () => {
    const daily: Freeze = { cron: '0 0 1-5 1 *', duration: 30 * 3600, timezone: 'UTC', overrideBy: [] }
    expect(freezeAt([daily], new Date('2026-01-02T12:00:00Z'))).toMatchObject({
      until: new Date('2026-01-06T06:00:00Z'),
    })
  })

  it('is overridden by the roles that it names alone', () => {
    const freeze = at('2026-01-10T12:00:00Z')!
    expect([mayOverride(freeze, ['admin']), mayOverride(freeze, ['operator']), mayOverride(freeze, [])]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('is refused when it can never be understood', () => {
    expect(whyNoFreeze('0 16 * * 5', 'Europe/Berlin')).toBeUndefined()
    expect(whyNoFreeze('0 16 * *', 'UTC')).toMatch(/five fields/)
    expect(whyNoFreeze('0 26 * * *', 'UTC')).toMatch(/cron expression/)
    expect(whyNoFreeze('0 16 * * *', 'Mars/Olympus')).toMatch(/time zone/)
  })
})
