import { describe, expect, it } from 'vitest'
import { psiChart, shownSpan, sinceFirst } from './psi-series.ts'

const dayMs = 86_400_000
const at = (day: number) => new Date(day * dayMs)
const point = (day: number, rows: number, psi: number | null) => ({ windowAt: at(day), rows, psi })

describe('PSI over windows', () => {
  const series = [{ feature: 'distance', points: [point(2, 10, 0.01), point(4, 0, null), point(5, 10, 0.4)] }]
  it('has a gap for every window without rows, stored or not', () => {
    const span = sinceFirst({ from: at(0), to: at(6) }, series)
    const chart = psiChart({
      id: 'psi',
      title: 'PSI',
      series,
      ...span,
      windowSeconds: 86_400,
      thresholds: { watch: 0.05, act: 0.1 },
    })
    expect(chart.startMs).toBe(2 * dayMs)
    expect(chart.series[0]?.values).toEqual([0.01, null, null, 0.4])
    expect(chart.thresholds.map(({ label }) => label)).toEqual(['watch 0.05', 'act 0.1'])
  })
  it('leaves out a window with hardly any rows, whose PSI is chance', () => {
    const points = [point(1, 9, 3.5), point(2, 1000, 0.02), point(3, 900, 0.03)]
    const span = { fromMs: dayMs, toMs: 4 * dayMs, windowSeconds: 86_400, thresholds: { watch: 0.05, act: 0.1 } }
    const chart = psiChart({ id: 'psi', title: 'PSI', series: [{ feature: 'hour', points }], ...span })
    expect(chart.series[0]?.values).toEqual([null, 0.02, 0.03])
  })
  it('ends with the window of the newest event', () => {
    const monitor = { windowSeconds: 86_400, newestEventAt: new Date(5.5 * dayMs), evaluatedUntil: null }
    expect(shownSpan(monitor, 3)).toEqual({ from: at(3), to: at(6) })
    expect(shownSpan({ ...monitor, newestEventAt: null }, 3)).toBeNull()
  })
})
