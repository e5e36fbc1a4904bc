import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatDay,
  formatDelta,
  formatDuration,
  formatInstant,
  formatInterval,
  formatMoney,
  formatNumber,
  formatPercent,
  shortDigest,
} from './format.ts'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('numbers', () => {
  it('carry their unit, thousands marks and a true minus', () => {
    expect(plain(formatNumber(1164, 'req/s'))).toBe('1,164 req/s')
    expect(plain(formatNumber(-0.42, 'ms', 1))).toBe('−0.4 ms')
    expect(plain(formatNumber(-0.01, 'ms', 1))).toBe('0.0 ms')
    expect(plain(formatInterval(80.2, 87.64, 'ms', 1))).toBe('80.2 to 87.6 ms')
  })
  it('sign every difference, and call one that rounds to nothing ±0', () => {
    expect(plain(formatDelta(1.25, 'ms', 1))).toBe('+1.3 ms')
    expect(plain(formatDelta(-3, '%'))).toBe('−3 %')
    expect(plain(formatDelta(0.004, 'ms', 1))).toBe('±0.0 ms')
    expect(plain(formatDelta(-0.004, 'ms', 1))).toBe('±0.0 ms')
  })
  it('count with SI and weigh with binary prefixes', () => {
    expect(plain(formatCount(9999))).toBe('9,999')
    expect(plain(formatCount(12_345))).toBe('12.3 k')
    expect(plain(formatCount(4_560_000n))).toBe('4.56 M')
    expect(plain(formatCount(999_960))).toBe('1.00 M')
    expect(plain(formatBytes(1536))).toBe('1.50 KiB')
    expect(plain(formatBytes(1500, 'si'))).toBe('1.50 kB')
    expect(plain(formatBytes(0))).toBe('0 B')
  })
})

describe('formatPercent', () => {
  it('shows the decimals that the sample supports', () => {
    expect(plain(formatPercent(0.0512, 50))).toBe('5 %')
    expect(plain(formatPercent(0.0512, 1000))).toBe('5 %')
    expect(plain(formatPercent(0.0512, 100_000))).toBe('5.1 %')
    expect(plain(formatPercent(0.0512, 10_000_000))).toBe('5.12 %')
  })
  it('never turns some into none, nor nearly all into all', () => {
    expect(plain(formatPercent(2 / 1000, 1000))).toBe('0.2 %')
    expect(plain(formatPercent(999 / 1000, 1000))).toBe('99.9 %')
    expect(plain(formatPercent(1e-7, 1e9))).toBe('< 0.001 %')
    expect(plain(formatPercent(1 - 1e-7, 1e9))).toBe('> 99.999 %')
    expect(plain(formatPercent(0, 40))).toBe('0 %')
    expect(plain(formatPercent(1, 40))).toBe('100 %')
  })
  it('is unknown without a sample', () => {
    expect(formatPercent(0.5, 0)).toBe('unknown')
    expect(formatPercent(Number.NaN, 10)).toBe('unknown')
  })
  it('is within half a unit of its last digit for any sample', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const k = Math.round(n * share)
        const text = plain(formatPercent(k / n, n)).replace(' %', '')
        if (/[<>]/.test(text)) return
        const decimals = text.split('.')[1]?.length ?? 0
        expect(Math.abs(Number(text) - (100 * k) / n)).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9)
      }),
    )
  })
})

describe('formatMoney', () => {
  it('shows cents, and two significant figures below a cent', () => {
    expect(formatMoney(12_345_678_900_000_000n, 'USD')).toBe('$12,345.68')
    expect(formatMoney(410_000_000n, 'USD')).toBe('$0.00041')
    expect(formatMoney(1n, 'USD')).toBe('$0.000000000001')
    expect(formatMoney(0n, 'EUR')).toBe('€0.00')
    expect(formatMoney(-1_500_000_000_000n, 'USD')).toBe('−$1.50')
    expect(formatMoney(1_500_000_000_000n, 'USD', { signed: true })).toBe('+$1.50')
  })
  it('is exact beyond the safe integers', () => {
    expect(formatMoney(9_007_199_254_740_993_010_000_000_000n, 'USD')).toBe('$9,007,199,254,740,993.01')
  })
})

describe('time', () => {
  const at = Date.UTC(2026, 10, 22, 13, 30, 5)
  it('measures durations in their two largest units', () => {
    expect([0, 350, 999.6, 4200, 9960, 200_000, 3_600_000, 187_200_000].map((ms) => plain(formatDuration(ms)))).toEqual(
      ['0 ms', '350 ms', '1 s', '4.2 s', '10 s', '3 min 20 s', '1 h', '2 d 4 h'],
    )
    expect(plain(formatDuration(-90_000))).toBe('−1 min 30 s')
  })
  it('tells how long ago or how far ahead', () => {
    const ago = (ms: number) => plain(formatAgo(at - ms, at))
    expect([500, 12_000, 240_000, 3 * 3_600_000, 9 * 86_400_000].map(ago)).toEqual([
      'now',
      '12 s ago',
      '4 min ago',
      '3 h ago',
      '9 d ago',
    ])
    expect(ago(-300_000)).toBe('in 5 min')
  })
  it('names the zone', () => {
    expect(formatInstant(at)).toBe('2026-11-22 13:30:05 UTC')
    expect(formatInstant(at, 'America/New_York')).toMatch(/^2026-11-22 08:30:05 /)
    expect(formatClock(at, 'Asia/Kolkata')).toBe('19:00')
    expect(formatDay(at)).toBe('22 Nov')
  })
})

describe('shortDigest', () => {
  it('keeps the algorithm and the head', () => {
    expect(shortDigest(`sha256:${'5b1e09c2'.repeat(8)}`)).toBe('sha256:5b1e09c2…')
    expect(shortDigest('9f3c21a')).toBe('9f3c21a')
  })
})
