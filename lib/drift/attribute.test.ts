import { describe, expect, it } from 'vitest'

import { attributeDrift } from './attribute.ts'
import { compileBinner, zeroCounts } from './bin.ts'
import { buildProfile, type CellValue, type Profile } from './profile.ts'

/** A fixed low-discrepancy sequence in (0, 1): the same every run, without a generator. */
const unit = (i: number) => ((i + 1) * 0.6180339887498949) % 1
const distances = Array.from({ length: 5000 }, (_, i) => 50 + 2000 * unit(i) ** 2)

function fold(profile: Profile, column: readonly CellValue[]): Float64Array {
  const counts = zeroCounts(profile)
  for (const x of column) expect(compileBinner(profile).fold({ x }, counts)).toBeNull()
  return counts.cells[0]!
}

function attribute(reference: readonly CellValue[], current: readonly CellValue[]) {
  const profile = buildProfile({ x: reference })
  return attributeDrift(profile.features[0]!, fold(profile, current))
}

describe('attributeDrift', () => {
  it('names the bins that moved, the largest first', () => {
    const { bins } = attribute(['a', 'a', 'b', 'b'], [...Array(30).fill('a'), ...Array(10).fill('b')])
    expect(bins[0]).toMatchObject({ label: 'b', referenceShare: 0.5, currentShare: 0.25 })
    expect(bins[1]).toMatchObject({ label: 'a', referenceShare: 0.5, currentShare: 0.75 })
    expect(bins[0]!.residual).toBeLessThan(0)
    expect(bins[0]!.contribution).toBeGreaterThan(bins[1]!.contribution)
  })

  it('has nothing to say without rows, or about the same data', () => {
    expect(attribute([1, 2, 3], [])).toEqual({ bins: [], causes: [] })
    expect(attribute(distances, distances)).toEqual({ bins: [], causes: [] })
  })

  it.each([
    ['kilometres instead of miles', (x: number) => x * 1.609344],
    ['kilometres instead of miles, the other way round', (x: number) => x / 1.609344],
    ['kilometres instead of nautical miles', (x: number) => x * 1.852],
    ['centimetres instead of inches', (x: number) => x * 2.54],
    ['pounds instead of kilograms', (x: number) => x * 2.2046226],
  ])('recognises %s', (name, change) => {
    const current = distances.slice(0, 2000).map(change)
    const { causes } = attribute(distances, current)
    expect(causes.map((c) => c.kind)).toEqual(['scale'])
    expect(causes[0]!.text).toMatch(new RegExp(`likely ${name}$`))
  })

  it('recognises Fahrenheit and a turned sign', () => {
    const celsius = Array.from({ length: 3000 }, (_, i) => -40 + 100 * unit(i))
    expect(
      attribute(
        celsius,
        celsius.map((x) => x * 1.8 + 32),
      ).causes[0]!.text,
    ).toContain('Fahrenheit instead of Celsius')
    const profit = Array.from({ length: 3000 }, (_, i) => -30 + 100 * unit(i))
    expect(
      attribute(
        profit,
        profit.map((x) => -x),
      ).causes[0]!.text,
    ).toContain('the opposite sign')
  })

  it('gives the factor when no unit fits, and calls a shift or a wider spread no scale', () => {
    const scaled = attribute(
      distances,
      distances.map((x) => x * 1.3),
    ).causes[0]!
    expect(scaled.text).toMatch(/× about 1.3: likely a change of scale$/)
    expect(Math.abs((scaled.evidence.factor as number) - 1.3)).toBeLessThan(0.05)
    const centred = Array.from({ length: 3000 }, (_, i) => 1000 + 100 * (unit(i) + unit(i * 7) - 1))
    const wider = centred.map((x) => 1000 + (x - 1000) * 2)
    expect(attribute(centred, wider).causes).toEqual([])
  })

  it('tells a scale beyond the reference from a default value', () => {
    const beyond = attribute(
      distances,
      distances.map((x) => x * 1000),
    ).causes
    expect(beyond).toEqual([
      expect.objectContaining({ kind: 'saturation', text: expect.stringContaining('unit or scale') }),
    ])
    const constant = attribute(
      distances,
      distances.map(() => 500),
    ).causes
    expect(constant).toEqual([
      expect.objectContaining({ kind: 'saturation', text: expect.stringContaining('constant') }),
    ])
  })

  it('recognises nulls, invalid numbers, new values and vanished ones', () => {
    const kinds = (reference: CellValue[], current: CellValue[]) =>
      attribute(reference, current).causes.map((c) => c.kind)
    const every = (n: number, value: CellValue) => distances.map((x, i) => (i % n === 0 ? value : x))
    expect(kinds(distances, every(10, null))).toEqual(['null-rate'])
    expect(kinds(distances, every(20, Number.NaN))).toEqual(['invalid-values'])
    const colours = distances.map((_, i) => ['red', 'green', 'blue', 'grey'][i % 4]!)
    const respelt = colours.map((c) => (c === 'grey' ? 'gray' : c))
    const causes = attribute(colours, respelt).causes
    expect(causes.map((c) => c.kind)).toEqual(['unseen', 'vanished'])
    expect(causes[1]!.evidence.values).toBe('grey')
  })
})
