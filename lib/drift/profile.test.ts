import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cellCount, cellLabels } from './cells.ts'
import { buildProfile, type CellValue, Profile, profileDigest, ProfileError } from './profile.ts'

const thousand = Array.from({ length: 1000 }, (_, i) => i)

describe('buildProfile', () => {
  it('cuts a numeric column at its nearest-rank deciles', () => {
    const [feature] = buildProfile({ x: thousand }).features
    expect(feature!.edges).toEqual([99, 199, 299, 399, 499, 599, 699, 799, 899])
    // Cells are [a, b), so the row on an edge belongs to the cell above it.
    expect(feature!.counts).toEqual([99, 100, 100, 100, 100, 100, 100, 100, 100, 101, 0, 0, 0, 0])
  })

  it('merges equal edges and keeps special values in cells of their own', () => {
    const zeros = Array.from({ length: 700 }, () => -0)
    const rest = Array.from({ length: 296 }, (_, i) => i + 1)
    const [feature] = buildProfile({ x: [...zeros, ...rest, null, Number.NaN, -Infinity, Infinity] }).features
    expect(feature!.edges).toEqual([0, 97, 197])
    expect(feature!.counts.slice(-4)).toEqual([1, 1, 1, 1])
    expect(cellLabels(feature!)).toEqual([
      '< 0',
      '[0, 97)',
      '[97, 197)',
      '≥ 197',
      'null',
      'NaN',
      '-Infinity',
      '+Infinity',
    ])
  })

  it('gives few distinct numbers a cell each, and more than twenty quantiles', () => {
    const few = buildProfile({ x: thousand.map((i) => i % 20) }).features[0]!
    expect(few.values).toHaveLength(20)
    expect(few.edges).toEqual([])
    expect(cellLabels(few).at(-1)).toBe('unseen')
    expect(buildProfile({ x: thousand.map((i) => i % 21) }).features[0]!.edges.length).toBeGreaterThan(0)
  })

  it('keeps the top K categories, lists the tail, and gives up the list past its bound', () => {
    const x = ['b', 'b', 'b', 'a', 'a', 'd', 'c', null]
    const feature = buildProfile({ x }, { topK: 2 }).features[0]!
    expect(feature).toMatchObject({ values: ['b', 'a'], tail: ['c', 'd'], singletons: 2, counts: [3, 2, 2, 0, 1] })
    expect(buildProfile({ x }, { topK: 2, tailMax: 1 }).features[0]!.tail).toBeNull()
  })

  it('bounds what 100,000 distinct categories and a 10 MB text leave behind', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `v${i}`)
    const feature = buildProfile({ x: many }).features[0]!
    expect(feature).toMatchObject({ tail: null, singletons: 100_000 })
    expect(feature.values).toHaveLength(100)
    const huge = buildProfile({ x: ['y'.repeat(10_000_000), '\ud800', 'a\u0000b'] })
    expect(JSON.stringify(huge).length).toBeLessThan(1000)
    expect(profileDigest(huge)).toMatch(/^[0-9a-f]{64}$/)
    expect(Profile.parse(huge)).toEqual(huge)
  })

  it('has a defined answer for one row, a constant, only nulls and 1e308', () => {
    for (const column of [[3], [5, 5, 5], [null, null], [1e308, -1e308], [true], ['']]) {
      const profile = buildProfile({ x: column })
      expect(Profile.parse(profile)).toEqual(profile)
    }
    expect(cellLabels(buildProfile({ x: [''] }).features[0]!)[0]).toBe('(empty text)')
  })

  it.each<[string, Record<string, CellValue[]>, object, string]>([
    ['no column', {}, {}, 'at least one column'],
    ['no row', { x: [] }, {}, 'at least one row'],
    ['unequal columns', { x: [1], y: [1, 2] }, {}, 'column "y" has 2 rows'],
    ['mixed types', { x: [1, 'a'] }, {}, 'mixes number and string'],
    ['a text in a numeric column', { x: ['a'] }, { kinds: { x: 'numeric' } }, 'row 0: expected a number'],
    ['an inherited name', { toString: [1] }, {}, 'cannot be a feature name'],
    ['too few quantiles', { x: [1] }, { quantiles: 4 }, 'quantiles must be a whole number from 5 to 50'],
  ])('refuses %s', (_name, columns, options, message) => {
    expect(() => buildProfile(columns, options)).toThrow(ProfileError)
    expect(() => buildProfile(columns, options)).toThrow(message)
  })

  it('does not depend on the order of rows, and counts every row once', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(0, 1, 2, Number.NaN, Infinity), fc.constant(null))
    const columns = fc.array(value, { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(columns, (x) => {
        const profile = buildProfile({ x })
        expect(buildProfile({ x: x.toReversed() })).toEqual(profile)
        expect(profile.features[0]!.counts.reduce((a, b) => a + b, 0)).toBe(x.length)
        expect(profile.features[0]!.counts).toHaveLength(cellCount(profile.features[0]!))
        expect(Profile.safeParse(JSON.parse(JSON.stringify(profile))).success).toBe(true)
      }),
    )
  })
})

describe('profileDigest', () => {
  const profile = buildProfile({ x: thousand, c: thousand.map((i) => `v${i % 7}`) })

  it('does not depend on the order of keys', () => {
    const turned = JSON.parse(JSON.stringify(profile), (_key, value: unknown) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    ) as typeof profile
    expect(Object.keys(turned)).not.toEqual(Object.keys(profile))
    expect(profileDigest(turned)).toBe(profileDigest(profile))
  })

  it('changes with one edge or one count', () => {
    const changed = structuredClone(profile)
    changed.features[0]!.edges[0]! += 1
    expect(profileDigest(changed)).not.toBe(profileDigest(profile))
    const moved = structuredClone(profile)
    moved.features[0]!.counts[0]! -= 1
    moved.features[0]!.counts[1]! += 1
    expect(profileDigest(moved)).not.toBe(profileDigest(profile))
  })
})

describe('Profile', () => {
  const valid = buildProfile({ x: thousand, c: thousand.map((i) => `v${i % 7}`) })
  const broken = (change: (p: typeof valid) => void) => {
    const copy = structuredClone(valid)
    change(copy)
    return Profile.safeParse(copy)
  }

  it.each<[string, (p: typeof valid) => void, string]>([
    ['edges that do not ascend', (p) => p.features[0]!.edges.reverse(), 'ascend'],
    ['an infinite edge', (p) => (p.features[0]!.edges[8] = Infinity), 'expected number'],
    ['a missing count', (p) => p.features[0]!.counts.pop(), 'needs 14 counts, has 13'],
    ['a negative count', (p) => (p.features[0]!.counts[0] = -1), '>=0'],
    ['counts that do not add up', (p) => p.features[0]!.counts[0]!++, 'add up to 1001'],
    ['a repeated name', (p) => (p.features[1]!.name = 'x'), 'names repeat'],
    ['a repeated value', (p) => (p.features[1]!.values[1] = 'v0'), 'values repeat'],
    ['edges of a category', (p) => p.features[1]!.edges.push(1), 'only a numeric feature'],
    ['an unknown key', (p) => Object.assign(p, { mean: 3 }), 'mean'],
    ['another format', (p) => Object.assign(p, { formatVersion: 2 }), 'expected 1'],
  ])('refuses %s', (_name, change, message) => {
    expect(broken(change).error?.message).toContain(message)
  })
})
