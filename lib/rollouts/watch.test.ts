import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import { parseRolloutPolicy } from './policy.ts'
import type { WatchItem } from './policy.ts'
import { decideWatch, watchObservationSchema } from './watch.ts'
import type { WatchObservation } from './watch.ts'

const readPolicy = (name: string): ReturnType<typeof parseRolloutPolicy> =>
  parseRolloutPolicy(readFileSync(new URL(`../../policies/rollouts/${name}.yaml`, import.meta.url), 'utf8'))

const policy = readPolicy('guarded-canary')
const accuracy = policy.after.find(({ name }) => name === 'accuracy')!
const latency = policy.after.find(({ name }) => name === 'latency')!
const evenIfUnknown: WatchItem = { ...accuracy, evenIfUnknown: true }
const hour = 3_600_000
const start = 1_000_000_000_000
const now = start + 3 * hour + 60_000

/** Consecutive windows of an hour with these numbers of right answers of `n`. */
function windows(correct: number[], n = 2000): WatchObservation['windows'] {
  return correct.map((k, i) => ({
    kind: 'proportion',
    startAt: start + i * hour,
    endAt: start + (i + 1) * hour,
    counts: { n, k },
  }))
}

const bad = windows([1600, 1600, 1600])
const target = {
  versionId: 'mv_1',
  approval: 'valid',
  better: 'yes',
  because: 'it answered 96 % of the same rows rightly',
} as const

function observe(change: Partial<WatchObservation> = {}): WatchObservation {
  const history = { autoRollbacksOfVersion: 0, lastRollbackAt: null }
  return { servingSince: start, windows: bad, inputsDrifted: false, target, history, ...change }
}

describe('decideWatch', () => {
  it.each<[string, Partial<WatchObservation>, string, string, string]>([
    ['no windows', { windows: [] }, 'wait', 'unknown', 'no-data'],
    ['too few samples', { windows: windows([80, 80, 80], 100) }, 'wait', 'unknown', 'no-data'],
    ['windows that are out of date', { windows: windows([1600]) }, 'wait', 'unknown', 'no-data'],
    ['windows of the version before', { servingSince: start + 3 * hour }, 'wait', 'unknown', 'no-data'],
    ['all of the interval normal', { windows: windows([1960, 1960, 1960]) }, 'wait', 'normal', 'normal'],
    ['between normal and breach', { windows: windows([1850, 1850, 1850]) }, 'wait', 'degraded', 'degraded'],
    ['the point in breach, the interval not', { windows: windows([1790, 1790, 1790]) }, 'wait', 'degraded', 'degraded'],
    ['two in a row of three', { windows: windows([1960, 1600, 1600]) }, 'wait', 'breach', 'breach-not-persistent'],
    ['a gap in the row', { windows: [bad[0]!, bad[2]!] }, 'wait', 'breach', 'breach-not-persistent'],
    [
      'a thin window in the row',
      { windows: [...windows([80, 80], 100), bad[2]!] },
      'wait',
      'breach',
      'breach-not-persistent',
    ],
  ])('waits for %s', (_title, change, kind, state, code) => {
    const decision = decideWatch(accuracy, observe(change), policy, now)
    expect([decision.kind, decision.state, decision.because[0]?.code, decision.page]).toEqual([
      kind,
      state,
      code,
      false,
    ])
  })

  it.each<[string, WatchItem, Partial<WatchObservation>, string, string]>([
    ['the target is better', accuracy, {}, 'rollback', 'target-better'],
    [
      'an expired target did serve',
      accuracy,
      { target: { ...target, approval: 'expired' } },
      'rollback',
      'target-better',
    ],
    ['inputs drifted', accuracy, { inputsDrifted: true }, 'hold', 'inputs-drifted'],
    ['it is not known whether inputs drifted', accuracy, { inputsDrifted: null }, 'hold', 'inputs-drifted'],
    [
      'the target is not known to be better',
      accuracy,
      { target: { ...target, better: 'unknown' } },
      'hold',
      'target-not-known-better',
    ],
    ['inputs drifted, even if unknown', evenIfUnknown, { inputsDrifted: true }, 'rollback', 'inputs-drifted'],
    [
      'unknown, even if unknown',
      evenIfUnknown,
      { target: { ...target, better: 'unknown' } },
      'rollback',
      'target-not-known-better',
    ],
    ['worse, even if unknown', evenIfUnknown, { target: { ...target, better: 'no' } }, 'hold', 'target-worse'],
    ['no target, even if unknown', evenIfUnknown, { target: null }, 'hold', 'no-target'],
    [
      'revoked, even if unknown',
      evenIfUnknown,
      { target: { ...target, approval: 'revoked' } },
      'hold',
      'target-revoked',
    ],
    [
      'never approved, even if unknown',
      evenIfUnknown,
      { target: { ...target, approval: 'missing' } },
      'hold',
      'target-revoked',
    ],
    [
      'the automatic rollback is spent',
      evenIfUnknown,
      { history: { autoRollbacksOfVersion: 1, lastRollbackAt: null } },
      'hold',
      'auto-rollbacks-spent',
    ],
    [
      'in cooldown',
      evenIfUnknown,
      { history: { autoRollbacksOfVersion: 0, lastRollbackAt: now - 29 * 60_000 } },
      'hold',
      'cooldown',
    ],
    [
      'after cooldown',
      accuracy,
      { history: { autoRollbacksOfVersion: 0, lastRollbackAt: now - 30 * 60_000 } },
      'rollback',
      'target-better',
    ],
    ['the item holds', { ...accuracy, reaction: 'hold' }, {}, 'hold', 'breach'],
    ['the item pages', { ...accuracy, reaction: 'page' }, {}, 'page', 'breach'],
  ])('answers a breach when %s', (_title, item, change, kind, code) => {
    const decision = decideWatch(item, observe(change), policy, now)
    expect([decision.kind, decision.page, decision.state]).toEqual([kind, true, 'breach'])
    expect(decision.because[0]?.code).toBe('breach')
    expect(decision.because.map((reason) => reason.code)).toContain(code)
    expect(decision.unless).not.toBe('')
  })

  it('shows the windows it judged, each with its interval at its share of alpha', () => {
    const decision = decideWatch(accuracy, observe(), policy, now)
    expect(decision.alpha).toBeCloseTo(0.05 / 3, 15)
    expect(decision.windows.map(({ startAt, samples, state }) => [startAt, samples, state])).toEqual([
      [start, 2000, 'breach'],
      [start + hour, 2000, 'breach'],
      [start + 2 * hour, 2000, 'breach'],
    ])
    expect(decision.windows[0]!.interval[1]).toBeLessThan(0.9)
  })

  it('judges a latency quantile', () => {
    const slow = emptyHistogram()
    for (let i = 1; i <= 1000; i += 1) record(slow, 600 + i)
    const five = 300_000
    const quantileWindows = [0, 1, 2].map((i) => ({
      kind: 'quantile' as const,
      startAt: start + i * five,
      endAt: start + (i + 1) * five,
      histogram: slow,
    }))
    const decision = decideWatch(latency, observe({ windows: quantileWindows }), policy, start + 3 * five)
    expect([decision.kind, decision.state]).toEqual(['rollback', 'breach'])
    const mismatched = decideWatch(accuracy, observe({ windows: quantileWindows }), policy, start + 3 * five)
    expect(mismatched.state).toBe('unknown')
  })

  it('answers the same breach differently under the two demonstration policies, by evenIfUnknown', () => {
    const observation = observe({ windows: demoWindows(), inputsDrifted: true })
    const kinds = ['demo-short-steps', 'demo-even-if-unknown'].map((name) => {
      const demo = readPolicy(name)
      return decideWatch(demo.after[0]!, observation, demo, start + 30_000).kind
    })
    expect(kinds).toEqual(['hold', 'rollback'])
  })

  it('replays from its stored observation to the same answer', () => {
    const rows = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 6 }).map((row) => windows(row))
    const drifts = fc.constantFrom(true, false, null)
    fc.assert(
      fc.property(rows, drifts, fc.integer({ min: 0, max: 10 * hour }), (row, inputsDrifted, later) => {
        const observation = observe({ windows: row, inputsDrifted })
        const decision = decideWatch(accuracy, observation, policy, start + later)
        const stored = watchObservationSchema.parse(JSON.parse(JSON.stringify(observation)))
        expect(decideWatch(accuracy, stored, policy, start + later)).toEqual(decision)
        if (decision.kind === 'rollback') expect(inputsDrifted).toBe(false)
      }),
    )
  })
})

function demoWindows(): WatchObservation['windows'] {
  return [0, 1, 2].map((i) => ({
    kind: 'proportion',
    startAt: start + i * 10_000,
    endAt: start + (i + 1) * 10_000,
    counts: { n: 500, k: 300 },
  }))
}
