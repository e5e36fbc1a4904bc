import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exactPerMoney, formatMoney } from './money.ts'
import { parsePrices } from './policy.ts'
import { priceBorders, priceUsage, type Prices, type Usage } from './price.ts'

const text = readFileSync('policies/costs/default.yaml', 'utf8')
const standard = parsePrices(text, 'default.yaml')
const dated = parsePrices(
  `
apiVersion: quarterdeck/v1
kind: Prices
name: dated
currency: EUR
prices:
  - { meter: requests, unit: request, price: '0.000000333333', validFrom: 2026-01-01T00:00:00Z, validUntil: 2026-02-01T00:00:00Z, provenance: { source: list } }
  - { meter: requests, unit: request, price: '0.0000007', validFrom: 2026-02-01T00:00:00Z, provenance: { source: contract } }
  - { meter: cpu-seconds, unit: second, price: '0.000011111111', validFrom: 2026-01-15T00:00:00Z, validUntil: 2026-03-01T00:00:00Z, provenance: { source: bill } }
`,
  'dated.yaml',
)

const day = (n: number) => Date.UTC(2026, 0, n)
const use = (meter: Usage['meter'], atMs: number, quantityMicros: bigint | null, versionId = 'mv_1'): Usage => ({
  endpointId: 'ep_1',
  versionId,
  meter,
  atMs,
  quantityMicros,
})

describe('priceUsage', () => {
  it('prices a million requests and a CPU hour as the file says', () => {
    const usage = [use('requests', day(5), 10n ** 12n), use('cpu-seconds', day(5), 3600n * 1_000_000n)]
    const cost = priceUsage(usage, standard)
    expect(cost.lines.map((l) => formatMoney(l.amount))).toEqual(['0.2', '0.04047984'])
    expect(formatMoney(cost.total)).toBe('0.24047984')
    expect(cost.unpriced).toEqual([])
  })

  it('takes the price that held at the time', () => {
    const cost = priceUsage([use('requests', day(31), 10n ** 12n), use('requests', day(32), 10n ** 12n)], dated)
    expect(cost.lines.map((l) => [formatMoney(l.amount), l.price.provenance.source])).toEqual([
      ['0.333333', 'list'],
      ['0.7', 'contract'],
    ])
  })

  it('lists what has no price or was not measured, and never counts it as 0', () => {
    const cost = priceUsage(
      [use('cpu-seconds', day(2), 5_000_000n), use('cpu-seconds', day(20), null), use('requests', day(20), 0n)],
      dated,
    )
    expect(cost.lines).toEqual([])
    expect(cost.unpriced).toEqual([
      expect.objectContaining({ quantityMicros: 5_000_000n, because: 'no price held at that time' }),
      expect.objectContaining({ quantityMicros: null, because: 'nobody reported how much was used' }),
    ])
  })

  it('keeps a price of 0 apart from no price', () => {
    const free: Prices = { ...standard, prices: standard.prices.map((p) => ({ ...p, price: 0n })) }
    expect(priceUsage([use('requests', day(5), 7n)], free)).toMatchObject({
      total: 0n,
      unpriced: [],
      lines: [{ amount: 0n }],
    })
  })
})

describe('sums of costs', () => {
  const used = fc.record({
    endpointId: fc.constantFrom('ep_1', 'ep_2'),
    versionId: fc.constantFrom('mv_1', 'mv_2'),
    meter: fc.constantFrom<Usage['meter'][]>('requests', 'cpu-seconds'),
    atMs: fc.integer({ min: day(-10), max: day(90) }),
    quantityMicros: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  })

  it('lines add up to the total, and every unit used is either priced or listed', () => {
    fc.assert(
      fc.property(fc.array(used, { maxLength: 60 }), (usage) => {
        const cost = priceUsage(usage, dated)
        expect(cost.lines.reduce((sum, l) => sum + l.amount, 0n)).toBe(cost.total)
        const seen = [...cost.lines, ...cost.unpriced].reduce((sum, l) => sum + (l.quantityMicros ?? 0n), 0n)
        expect(seen).toBe(usage.reduce((sum, u) => sum + u.quantityMicros, 0n))
      }),
    )
  })

  it('splitting the range anywhere gives the same total', () => {
    fc.assert(
      fc.property(fc.array(used, { maxLength: 60 }), fc.integer({ min: day(-10), max: day(90) }), (usage, cutMs) => {
        const exact = (part: Usage[]) => {
          const { total, remainder } = priceUsage(part, dated)
          return total * exactPerMoney + remainder
        }
        const [early, late] = [usage.filter((u) => u.atMs < cutMs), usage.filter((u) => u.atMs >= cutMs)]
        expect(exact(early) + exact(late)).toBe(exact(usage))
      }),
    )
  })

  it('cuts a range where a price begins or ends, not at its ends', () => {
    expect(priceBorders(dated, day(1), day(60))).toEqual([day(15), day(32)])
    expect(priceBorders(standard, day(1), day(60))).toEqual([])
  })
})

describe('parsePrices', () => {
  it.each([
    ["price: '0.0000002'", 'price: 0.0000002', 'prices.0.price: must be decimal text in quotes'],
    ["price: '0.0000002'", "price: '-1'", 'must not be negative'],
    ["price: '0.0000002'", "price: '0.0000000000002'", 'at most 12 places'],
    ['meter: cpu-seconds', 'meter: requests', 'prices.1: overlaps with prices.0'],
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:07Z', 'whole minute'],
    ['currency: USD', 'currency: dollars', 'ISO 4217'],
    ['provenance:', 'origin:', 'prices.0.provenance'],
    ['kind: Prices', 'kind: {', 'not YAML'],
  ])('refuses %s → %s', (from, to, says) => {
    expect(text).toContain(from)
    expect(() => parsePrices(text.replace(from, to), 'x.yaml')).toThrow(says)
  })
})
