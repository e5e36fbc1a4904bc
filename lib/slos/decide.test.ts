import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideSlo, type SloObservation } from './decide.ts'
import { parseSloPolicy } from './policy.ts'

const { policy } = parseSloPolicy(readFileSync('policies/slos/default.yaml', 'utf8'), 'default.yaml')
const [objective] = policy.objectives
const minutes = {
  '5m': 300,
  '30m': 1800,
  '1h': 3600,
  '2h': 7200,
  '6h': 21_600,
  '1d': 86_400,
  '3d': 259_200,
  '30d': 2_592_000,
}
type Window = keyof typeof minutes

/** Windows of 100,000 requests each, with the given error ratios in percent; the others have none. */
function observe(
  percent: Partial<Record<Window, number>>,
  totals: Partial<Record<Window, number>> = {},
): SloObservation {
  const windows = Object.entries(minutes).map(([name, seconds]) => {
    const total = totals[name as Window] ?? 100_000
    return { seconds, total, good: total - Math.round((total * (percent[name as Window] ?? 0)) / 100) }
  })
  return { target: 0.999, windowSeconds: objective!.window, alerts: policy.alerts, minimumEvents: 100, windows }
}

describe('decideSlo', () => {
  it.each<[string, Partial<Record<Window, number>>, string, string | null]>([
    ['nothing fails', {}, 'ok', null],
    ['1.45 % in 1 h and 5 m: above 14.4 times', { '1h': 1.45, '5m': 1.45 }, 'burning', 'page'],
    ['1.43 % in 1 h and 5 m: below 14.4 times', { '1h': 1.43, '5m': 1.43 }, 'ok', null],
    ['only the long window burns: it has ended', { '1h': 5, '5m': 0.01 }, 'ok', null],
    ['only the short window burns: a blip', { '5m': 50, '1h': 1 }, 'ok', null],
    ['0.61 % in 6 h and 30 m: above 6 times', { '6h': 0.61, '30m': 0.61 }, 'burning', 'page'],
    ['0.31 % in 1 d and 2 h: above 3 times', { '1d': 0.31, '2h': 0.31 }, 'burning', 'ticket'],
    ['0.11 % in 3 d and 6 h: above once', { '3d': 0.11, '6h': 0.11 }, 'burning', 'ticket'],
  ])('%s', (_, percent, state, severity) => {
    const decision = decideSlo(observe(percent))
    expect({ state: decision.state, severity: decision.severity }).toEqual({ state, severity })
  })

  it('says why, and what would change it', () => {
    const decision = decideSlo(observe({ '1h': 2, '5m': 3 }))
    expect(decision.because).toBe(
      'The error budget is spent 20 times as fast as allowed over 1h and 30 times over 5m; from 14.4 times on it is a page.',
    )
    expect(decision.unless).toBe('It ends when the rate over 1h or over 5m falls to 14.4 or below.')
    expect(decision.budget?.exhaustedInSeconds).toBeCloseTo(2_592_000 / 20, 6)
  })

  it('does not page for one failure of ten', () => {
    const few = Object.fromEntries(Object.keys(minutes).map((name) => [name, 10])) as Record<Window, number>
    const all = Object.fromEntries(Object.keys(minutes).map((name) => [name, 10])) as Record<Window, number>
    expect(decideSlo(observe(all, few))).toMatchObject({ state: 'no-data', severity: null })
  })

  it('does not page when idle, and does not call silence after a burn a success', () => {
    const none = Object.fromEntries(Object.keys(minutes).map((name) => [name, 0])) as Record<Window, number>
    expect(decideSlo(observe({}, none))).toMatchObject({ state: 'no-data', budget: { sli: null, left: null } })
    const silent = decideSlo(observe({ '1h': 50 }, { '5m': 0 }))
    expect(silent).toMatchObject({ state: 'no-data', severity: null })
    expect(silent.because).toContain('no request came in the last 5m')
  })

  it('does not call silence a success when only the longer windows still have events, and they are calm', () => {
    const silent = observe({ '6h': 0.3, '1d': 0.1, '3d': 0.05 }, { '5m': 0, '30m': 0, '1h': 0 })
    const decision = decideSlo(silent)
    expect(decision.alerts.map((a) => a.verdict)).toEqual(['few', 'calm', 'calm', 'calm'])
    expect(decision).toMatchObject({ state: 'no-data', severity: null })
    expect(decision.because).toBe('Fewer than 100 requests came in the last 1h: too few to say how it is now.')
    expect(decideSlo(observe({}, { '1h': 99 })).state).toBe('no-data')
    expect(decideSlo(observe({}, { '1h': 100 })).state).toBe('ok')
  })

  it('shows a data error instead of judging it', () => {
    const broken = observe({})
    const decision = decideSlo({ ...broken, windows: [{ seconds: 300, good: 11, total: 10 }, ...broken.windows] })
    expect(decision).toMatchObject({ state: 'no-data', budget: null })
    expect(decision.because).toBe('The data cannot be true: 11 good events of 10 in 5m.')
  })

  it('is total: no NaN anywhere, and it pages only with enough events burning in both windows', () => {
    const counts = fc.tuple(fc.nat(5000), fc.nat(5000))
    fc.assert(
      fc.property(fc.array(counts, { minLength: 8, maxLength: 8 }), (sums) => {
        const windows = Object.values(minutes).map((seconds, i) => {
          const [good, bad] = sums[i]!
          return { seconds, good, total: good + bad }
        })
        const decision = decideSlo({ ...observe({}), windows })
        expect(JSON.stringify(decision)).not.toContain('NaN')
        const firing = decision.alerts.filter((a) => a.verdict === 'firing')
        expect(decision.state === 'burning').toBe(firing.length > 0)
        const lately = windows.find((w) => w.seconds === 3600)!.total
        if (decision.state === 'ok') expect(lately).toBeGreaterThanOrEqual(100)
        for (const alert of firing) {
          expect(Math.min(alert.longRate ?? 0, alert.shortRate ?? 0)).toBeGreaterThan(alert.factor)
          expect(windows.find((w) => w.seconds === alert.longSeconds)!.total).toBeGreaterThanOrEqual(100)
        }
      }),
    )
  })
})
