import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decideDrift, type DriftInput } from './decide.ts'
import type { DriftSeries } from './evaluate.ts'
import type { OpenFinding } from './finding.ts'
import { parseDriftPolicy } from './policy.ts'
import { buildProfile } from './profile.ts'

const HOUR_MS = 3_600_000
const policy = parseDriftPolicy('{apiVersion: quarterdeck/v1, kind: DriftPolicy, name: default}')
const feature = buildProfile({ x: Array.from({ length: 10_000 }, (_, i) => i) }).features[0]!

/** Window counts of `rows` rows: as the reference, or with the given share moved from the first to the last cell. */
function hour(rows: number, moved = 0): number[] {
  const counts = Array.from({ length: 10 }, () => rows / 10)
  counts[0]! -= (rows / 10) * moved
  counts[9]! += (rows / 10) * moved
  return [...counts, 0, 0, 0, 0]
}

const calm = hour(500)
const mild = hour(500, 0.6)
const strong = hour(500, 0.9)

function inputOf(hours: readonly (number[] | null)[], more: Partial<DriftInput> = {}): DriftInput {
  const windows = hours.map((_, i) => ({ startMs: i * HOUR_MS, endMs: (i + 1) * HOUR_MS }))
  const series: DriftSeries[] = [{ key: 'all/x', segment: null, feature, counts: hours }]
  return { windows, series, policy, open: [], ...more }
}

const decide = (hours: readonly (number[] | null)[], open: OpenFinding[] = []) =>
  decideDrift(inputOf(hours, { open })).verdicts[0]!

describe('the verdict', () => {
  it.each<[string, (number[] | null)[], string]>([
    ['like the reference', [calm, calm, calm, calm, calm], 'ok'],
    ['2 of 5 drifted', [calm, strong, calm, strong, calm], 'ok'],
    ['3 of 5 drifted', [strong, calm, strong, calm, strong], 'act'],
    ['3 of 5 at the watch threshold', [mild, calm, mild, calm, mild], 'watch'],
    ['2 strong and 1 mild', [strong, strong, mild], 'watch'],
    ['3 drifted, no more history', [strong, strong, strong], 'act'],
    ['no window', [], 'no-data'],
    ['windows without rows', [null, null, null], 'no-data'],
    ['traffic stopped for three windows', [calm, calm, null, null, null], 'no-data'],
    ['one empty window', [calm, calm, null], 'ok'],
    ['not enough rows yet', [hour(100), hour(100)], 'insufficient'],
    ['not enough rows within the limit', Array.from({ length: 24 }, () => hour(10)), 'insufficient'],
  ])('%s: %s', (_name, hours, verdict) => {
    expect(decide(hours).verdict).toBe(verdict)
  })

  it('pools small windows until they are enough', () => {
    const small = Array.from({ length: 18 }, () => hour(50, 0.9))
    const verdict = decide(small)
    expect(verdict).toMatchObject({ verdict: 'act', figures: { rows: 300, windows: 6, startMs: 12 * HOUR_MS } })
    expect(decide(small.slice(0, 17))).toMatchObject({ verdict: 'ok', pending: { windows: 5, rows: 250 } })
  })

  it('does not take a large effect in few rows, nor a certain but small one', () => {
    expect(decide([hour(40, 0.9), hour(40, 0.9), hour(40, 0.9)]).verdict).toBe('insufficient')
    const many = decide(Array.from({ length: 5 }, () => hour(1_000_000, 0.2)))
    expect(many.figures!.adjustedP).toBeLessThan(1e-9)
    expect(many.verdict).toBe('ok')
  })

  it('says why, what would change it, and which figures it stands on', () => {
    const { because, unless, figures } = decide([strong, strong, strong])
    expect(because[0]).toMatch(/^PSI 0\.\d+ ≥ act 0\.1$/)
    expect(because.join('; ')).toContain('3 of the last 3 pools reached the watch threshold, 3 of 5 make a finding')
    expect(unless).toContain('3 sufficient pools in a row')
    expect(figures!.biasAdjusted).toBe(figures!.effect - figures!.bias)
    expect(figures!.bias).toBeCloseTo(9 * (1 / 10_000 + 1 / 500), 12)
    expect(figures!.minimumDetectable).toBeGreaterThan(0)
    expect(figures!.attribution.bins[0]).toMatchObject({ cell: 0, currentShare: 0.01 })
  })

  it('adjusts over all features and segments of the window', () => {
    // An effect whose p is about 0.0004 alone passes by itself, not among a hundred quiet features.
    const hours = [hour(300, 0.65), hour(300, 0.65), hour(300, 0.65)]
    expect(decide(hours).verdict).not.toBe('ok')
    const input = inputOf(hours)
    const quiet = Array.from({ length: 99 }, (_, i) => ({
      ...input.series[0]!,
      key: `quiet${i}`,
      segment: 'DE',
      counts: hours.map(() => hour(300)),
    }))
    const { verdicts } = decideDrift({ ...input, series: [...input.series, ...quiet] })
    expect(verdicts[0]!.figures!.adjustedP).toBeGreaterThan(verdicts[0]!.figures!.p * 50)
    expect(verdicts[0]!.verdict).toBe('ok')
  })

  it('says insufficient when chance alone would reach the threshold', () => {
    const tiny = buildProfile({ x: Array.from({ length: 100 }, (_, i) => i) }).features[0]!
    const hours = Array.from({ length: 24 }, () => hour(500))
    const input = inputOf(hours)
    const { verdicts } = decideDrift({ ...input, series: [{ ...input.series[0]!, feature: tiny }] })
    expect(verdicts[0]).toMatchObject({ verdict: 'insufficient', because: [expect.stringContaining('chance alone')] })
  })

  it('leaves out ignored features and refuses windows out of order', () => {
    const ignoring = { ...policy, perFeature: { x: { ignore: true } } }
    expect(decideDrift(inputOf([calm], { policy: ignoring })).verdicts).toEqual([])
    const backwards = { ...inputOf([calm, calm]), windows: [1, 0].map((h) => ({ startMs: h, endMs: h + 1 })) }
    expect(() => decideDrift(backwards)).toThrow(RangeError)
    expect(() => decide([[1, 2]])).toThrow('the reference has 14')
  })
})

describe('the life of a finding', () => {
  it('opens once, is updated, grows worse, and resolves after three calm pools', () => {
    const life = [mild, mild, mild, strong, strong, strong, calm, calm, calm, calm]
    const kinds: string[] = []
    let open: OpenFinding[] = []
    for (let now = 1; now <= life.length; now++) {
      const { transition } = decide(life.slice(0, now), open)
      kinds.push(transition === null ? '-' : transition.kind)
      if (transition?.kind === 'resolve') open = []
      else if (transition !== null) open = [transition]
    }
    expect(kinds).toEqual(['-', '-', 'open', 'update', 'update', 'update', 'update', 'update', 'resolve', '-'])
  })

  it('keeps its first window and its highest severity', () => {
    const first = decide([calm, strong, strong, strong]).transition
    expect(first).toMatchObject({ kind: 'open', severity: 'act', sinceMs: HOUR_MS, lastPoolEndMs: 4 * HOUR_MS })
    const open = first as OpenFinding
    const later = decide([calm, strong, strong, strong, mild, mild, mild], [open]).transition
    expect(later).toMatchObject({ kind: 'update', severity: 'act', sinceMs: HOUR_MS })
  })

  it('takes no step twice, and none on missing data', () => {
    const open: OpenFinding = { key: 'all/x', severity: 'act', sinceMs: 0, lastPoolEndMs: 3 * HOUR_MS }
    expect(decide([strong, strong, strong], [open]).transition).toBeNull()
    const silent = decide([strong, strong, strong, ...Array.from({ length: 72 }, () => null)], [open])
    expect(silent).toMatchObject({ verdict: 'no-data', transition: null })
  })

  it('ends when its feature is no longer under watch', () => {
    const open: OpenFinding = { key: 'gone', severity: 'act', sinceMs: 0, lastPoolEndMs: 0 }
    expect(decideDrift(inputOf([calm], { open: [open] })).retired).toEqual([
      { kind: 'resolve', key: 'gone', because: ['this feature is no longer under watch'] },
    ])
  })
})

describe('properties', () => {
  const hours = fc.array(
    fc.oneof(
      fc.constant(null),
      fc.tuple(fc.constantFrom(0, 50, 120, 500), fc.constantFrom(0, 0.5, 0.9)).map(([rows, m]) => hour(rows, m)),
    ),
    { maxLength: 80 },
  )

  it('resuming from resumeFromMs gives the verdicts of the whole history', () => {
    fc.assert(
      fc.property(hours, hours, (a, b) => {
        const n = Math.min(a.length, b.length)
        const whole = inputOf(a.slice(0, n))
        const series = [whole.series[0]!, { ...whole.series[0]!, key: 'b', counts: b.slice(0, n) }]
        const all = decideDrift({ ...whole, series })
        const resumed = decideDrift({
          ...whole,
          series: series.map((s, i) => ({ ...s, fromMs: all.verdicts[i]!.resumeFromMs ?? -Infinity })),
        })
        expect(resumed).toEqual(all)
      }),
    )
  })

  it('is deterministic, total and never shows NaN', () => {
    fc.assert(
      fc.property(hours, (list) => {
        const decision = decideDrift(inputOf(list))
        expect(decideDrift(inputOf(structuredClone(list)))).toEqual(decision)
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
      }),
    )
  })
})
