import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { addCounts, compileBinner, type EventFeatures, UNKNOWN_NAMES_MAX, zeroCounts } from './bin.ts'
import { cellLabels } from './cells.ts'
import { psi } from './divergence.ts'
import { buildProfile } from './profile.ts'

const rows = Array.from({ length: 100 }, (_, i) => i)
const profile = buildProfile(
  {
    amount: rows,
    level: rows.map((i) => i % 3),
    country: rows.map((i) => (i < 50 ? 'DE' : i < 80 ? 'FR' : i < 99 ? 'IT' : 'LU')),
    member: rows.map((i) => i % 2 === 0),
  },
  { topK: 3 },
)
const binner = compileBinner(profile)
const good = { amount: 5, level: 1, country: 'DE', member: true }

/** The label of the one cell that a value falls into, or the reason of its rejection. */
function cellOf(feature: keyof typeof good, value: unknown): string {
  const counts = zeroCounts(profile)
  const event: Record<string, unknown> = { ...good, [feature]: value }
  const reason = binner.fold(event as EventFeatures, counts)
  if (reason !== null) return reason
  const index = profile.features.findIndex((f) => f.name === feature)
  return cellLabels(profile.features[index]!)[counts.cells[index]!.indexOf(1)]!
}

describe('compileBinner', () => {
  it.each<[keyof typeof good, unknown, string]>([
    ['amount', -0, '< 9'],
    ['amount', -1e308, '< 9'],
    ['amount', 9, '[9, 19)'],
    ['amount', 18.999, '[9, 19)'],
    ['amount', 1e308, '≥ 89'],
    ['amount', null, 'null'],
    ['amount', undefined, 'null'],
    ['amount', Number.NaN, 'NaN'],
    ['amount', 'NaN', 'NaN'],
    ['amount', Infinity, '+Infinity'],
    ['amount', '-Infinity', '-Infinity'],
    ['level', -0, '0'],
    ['level', 2, '2'],
    ['level', 7, 'unseen'],
    ['level', Number.NaN, 'NaN'],
    ['country', 'FR', 'FR'],
    ['country', 'LU', 'other'],
    ['country', 'XX', 'unseen'],
    ['country', '', 'unseen'],
    ['country', 7, 'unseen'],
    ['country', null, 'null'],
    ['member', false, 'false'],
    ['member', undefined, 'null'],
  ])('%s %s falls into its cell', (feature, value, label) => {
    expect(cellOf(feature, value)).toBe(label)
  })

  it.each<[keyof typeof good, unknown, string]>([
    ['amount', '5', 'expected a number or null, got the text "5"'],
    ['amount', true, 'got the boolean true'],
    ['amount', {}, 'got an object'],
    ['country', true, 'expected a text or null'],
    ['country', [], 'got an array'],
    ['country', Number.NaN, 'got the number NaN'],
    ['member', 1, 'expected true or false or null, got the number 1'],
    ['member', 'true', 'got the text "true"'],
  ])('%s %j rejects the event with a reason', (feature, value, reason) => {
    expect(cellOf(feature, value)).toContain(reason)
  })

  it('takes a text of 10 MB like any other', () => {
    expect(cellOf('country', 'x'.repeat(10_000_000))).toBe('unseen')
  })

  it('counts nothing of a rejected event', () => {
    const counts = zeroCounts(profile)
    expect(binner.fold({ ...good, member: 'x', surprise: 1 }, counts)).not.toBeNull()
    expect(counts).toEqual(zeroCounts(profile))
  })

  it('finds the same long text again, and treats every unknown text as other once the tail is cut off', () => {
    const long = 'y'.repeat(5_000)
    const small = buildProfile({ t: [long, long, 'a', 'b', 'c'] }, { topK: 1, tailMax: 1 })
    const counts = zeroCounts(small)
    compileBinner(small).fold({ t: long }, counts)
    compileBinner(small).fold({ t: 'never met' }, counts)
    expect([...counts.cells[0]!]).toEqual([1, 1, 0, 0])
  })

  it('notes unknown names, up to a bound, and survives hostile ones', () => {
    const counts = zeroCounts(profile)
    const hostile = JSON.parse('{"__proto__": {"amount": 1}, "constructor": "x", "novel": 3}') as EventFeatures
    expect(binner.fold(hostile, counts)).toBeNull()
    expect([...counts.unknownNames.keys()].sort()).toEqual(['__proto__', 'constructor', 'novel'])
    for (let i = 0; i < 500; i++) binner.fold({ [`n${i}`]: 1 }, counts)
    expect(counts.unknownNames.size).toBe(UNKNOWN_NAMES_MAX)
  })

  it('puts the reference itself into the reference counts, by linear scan and by binary search', () => {
    for (const quantiles of [10, 50]) {
      const x = Array.from({ length: 997 }, (_, i) => ((i * 7919) % 997) / 7)
      const own = buildProfile({ x }, { quantiles })
      const counts = zeroCounts(own)
      const { fold } = compileBinner(own)
      for (const value of x) fold({ x: value }, counts)
      expect([...counts.cells[0]!]).toEqual(own.features[0]!.counts)
    }
  })
})

describe('addCounts', () => {
  const value = fc.oneof(fc.double(), fc.constant(null), fc.integer({ min: -5, max: 120 }))
  const event = fc.record({
    amount: value,
    level: value,
    country: fc.constantFrom('DE', 'FR', 'LU', 'XX', null),
    member: fc.constantFrom(true, false, null),
  })
  const fold = (events: readonly EventFeatures[]) => {
    const counts = zeroCounts(profile)
    for (const e of events) expect(binner.fold(e, counts)).toBeNull()
    return counts
  }

  it('merge law: any partition, in any order, adds up to the counts of one pass', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 24 }), (hours) => {
        const day = fold(hours.flat())
        const merged = zeroCounts(profile)
        for (const hour of hours.toReversed()) addCounts(merged, fold(hour))
        expect(merged).toEqual(day)
        const whole = psi(profile.features[0]!.counts, day.cells[0]!, 'jeffreys')
        expect(psi(profile.features[0]!.counts, merged.cells[0]!, 'jeffreys')).toEqual(whole)
      }),
    )
  })

  it('refuses counts of another profile', () => {
    expect(() => addCounts(zeroCounts(profile), zeroCounts(buildProfile({ x: [1] })))).toThrow(RangeError)
  })
})
