import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bundlePath,
  changedBundles,
  changedTiles,
  decodeBundle,
  encodeBundle,
  parseLogPath,
  tilePath,
  tileWidth,
} from './tiles.ts'

const paths = (before: number, after: number): string[] =>
  [...changedTiles(before, after)].map(({ level, index, width }) => tilePath(level, index, width))

describe('paths', () => {
  it('writes the examples of C2SP tlog-tiles', () => {
    expect(tilePath(0, 1234067, 256)).toBe('tile/0/x001/x234/067')
    expect(tilePath(63, 0, 1)).toBe('tile/63/000.p/1')
    expect(tilePath(1, 999, 255)).toBe('tile/1/999.p/255')
    expect(tilePath(1, 1000, 256)).toBe('tile/1/x001/000')
    expect(bundlePath(273, 112)).toBe('tile/entries/273.p/112')
  })

  it('reads back what it writes', () => {
    const place = fc.record({
      level: fc.integer({ min: 0, max: 63 }),
      index: fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.maxSafeNat()),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(place, ({ level, index, width }) => {
        expect(parseLogPath(tilePath(level, index, width))).toEqual({ kind: 'tile', level, index, width })
        expect(parseLogPath(bundlePath(index, width))).toEqual({ kind: 'entries', index, width })
      }),
    )
  })

  it.each([
    'tile/0/1',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/005',
    'tile/0/001/002',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000/',
    'tile/data/000',
    '/tile/0/000',
    'tile/0/../0/000',
    'tile/0/x9999/000',
  ])('refuses %s', (path) => {
    expect(parseLogPath(path)).toBeUndefined()
  })

  it.each([
    [-1, 0, 1],
    [64, 0, 1],
    [0, -1, 1],
    [0, 1.5, 1],
    [0, 0, 0],
    [0, 0, 257],
  ])('has no path for level %d, index %d, width %d', (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

describe('tiles of a size', () => {
  it('has the tiles of 70,000 that the specification names', () => {
    const all = paths(0, 70_000)
    const of = (level: number): string[] => all.filter((path) => path.startsWith(`tile/${level}/`))
    expect(of(0)).toHaveLength(274)
    expect(of(0).at(-1)).toBe('tile/0/273.p/112')
    expect(of(1)).toEqual(['tile/1/000', 'tile/1/001.p/17'])
    expect(of(2)).toEqual(['tile/2/000.p/1'])
    expect(all).toHaveLength(277)
  })

  it('has a full tile and one above it at 256, and no empty tile', () => {
    expect(paths(0, 256)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect(paths(0, 0)).toEqual([])
    expect(paths(256, 257)).toEqual(['tile/0/001.p/1'])
    expect(paths(255, 256)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect([...changedBundles(255, 257)]).toEqual([
      { index: 0, width: 256 },
      { index: 1, width: 1 },
    ])
  })

  it('works beyond 2^32 entries', () => {
    const size = 2 ** 40 + 5
    expect(tileWidth(size, 0, 2 ** 32)).toBe(5)
    expect(paths(size - 1, size)).toEqual(['tile/0/x004/x294/x967/296.p/5'])
  })

  it('refuses to shrink', () => {
    expect(() => paths(2, 1)).toThrow(expect.objectContaining({ code: 'inconsistent' }))
  })
})

describe('entry bundles', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 256 })

  it('frames by uint16BE', () => {
    expect(encodeBundle([Buffer.from('ab'), Buffer.alloc(0)]).toString('hex')).toBe('000261620000')
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const back = decodeBundle(encodeBundle(list), list.length)
        expect(back.map((entry) => Buffer.from(entry).toString('hex'))).toEqual(
          list.map((entry) => Buffer.from(entry).toString('hex')),
        )
      }),
    )
  })

  it('refuses a cut, an excess and a wrong number', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (list, cut) => {
        const bytes = encodeBundle(list)
        expect(() => decodeBundle(bytes.subarray(0, cut % bytes.length), list.length)).toThrow()
        expect(() => decodeBundle(Buffer.concat([bytes, Buffer.of(0)]), list.length)).toThrow()
        expect(() => decodeBundle(bytes, list.length + 1)).toThrow()
      }),
    )
  })

  it('takes an entry of 65,535 bytes and no larger one', () => {
    const largest = Buffer.alloc(65_535, 7)
    expect(decodeBundle(encodeBundle([largest]), 1)[0]).toHaveLength(65_535)
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(expect.objectContaining({ code: 'too-large' }))
    expect(() => encodeBundle([])).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
