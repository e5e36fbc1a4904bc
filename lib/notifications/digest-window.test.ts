import { describe, expect, it } from 'vitest'
import { nextDelivery } from './digest-window.ts'

const berlin = (digestHour: number) => ({ timeZone: 'Europe/Berlin', digestHour })
const next = (timing: 'hourly' | 'daily', preference: { timeZone: string; digestHour: number }, now: string) =>
  nextDelivery(timing, preference, new Date(now)).toISOString()

describe('when a mail goes out', () => {
  it('at once is now', () => {
    const now = new Date('2026-03-02T09:00:01Z')
    expect(nextDelivery('at-once', berlin(8), now)).toEqual(now)
  })

  it.each([
    ['before it', '2026-03-02T06:59:59Z', '2026-03-02T07:00:00.000Z'],
    ['at it, the next day', '2026-03-02T07:00:00Z', '2026-03-03T07:00:00.000Z'],
    ['across the change to summer time, 23 hours', '2026-03-28T07:00:00Z', '2026-03-29T06:00:00.000Z'],
    ['across the change to winter time, 25 hours', '2026-10-24T06:00:00Z', '2026-10-25T07:00:00.000Z'],
  ])('a daily digest at 8: %s', (_, now, due) => {
    expect(next('daily', berlin(8), now)).toBe(due)
  })

  it('comes at 3 where the clock skips 2', () => {
    expect(next('daily', berlin(2), '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(next('daily', berlin(2), '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:00:00.000Z')
  })

  it('comes once where the clock shows 2 twice', () => {
    const first = next('daily', berlin(2), '2026-10-24T12:00:00Z')
    expect(first).toBe('2026-10-25T00:00:00.000Z')
    expect(next('daily', berlin(2), first)).toBe('2026-10-26T01:00:00.000Z')
  })

  it('hourly comes every elapsed hour, also where the clock repeats one, and at the full hour of the zone', () => {
    const hours = ['2026-10-24T23:30:00Z']
    for (let i = 0; i < 3; i++) hours.push(next('hourly', berlin(8), hours.at(-1)!))
    expect(hours.slice(1)).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z'])
    expect(next('hourly', { timeZone: 'Asia/Kolkata', digestHour: 8 }, '2026-03-02T09:00:00Z')).toBe(
      '2026-03-02T09:30:00.000Z',
    )
  })
})
