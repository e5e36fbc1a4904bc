import type { PsiPoint } from '#lib/drift/reads.ts'
import type { ChartModel } from '../../../_ui/chart/model.ts'
import { prepareChart, type SeriesInput } from '../../../_ui/chart/prepare.ts'
import type { Thresholds } from './order.ts'

export type PsiSeries = { feature: string; points: readonly PsiPoint[] }

export type PsiChartInput = {
  id: string
  title: string
  /** At most six. */
  series: readonly PsiSeries[]
  fromMs: number
  toMs: number
  windowSeconds: number
  thresholds: Thresholds
  marks?: readonly { atMs: number; label: string }[]
}

/**
 * The PSI of each window against the thresholds. A window without rows is a gap, for silence is no calm; so is one with less
 * than a tenth of the usual rows, whose PSI is chance and would set the scale for all others.
 */
export function psiChart(input: PsiChartInput): ChartModel {
  const stepMs = input.windowSeconds * 1000
  const startMs = Math.floor(input.fromMs / stepMs) * stepMs
  const length = Math.max(1, Math.ceil((input.toMs - startMs) / stepMs))
  return prepareChart({
    id: input.id,
    title: input.title,
    unit: '',
    digits: 3,
    startMs,
    stepMs,
    series: input.series.map(({ feature, points }): SeriesInput => {
      const enough = usualRows(points) / 10
      const found = new Map(points.map(({ windowAt, rows, psi }) => [windowAt.getTime(), rows < enough ? null : psi]))
      const values = Array.from({ length }, (_, i) => found.get(startMs + i * stepMs) ?? null)
      return { id: feature, label: feature, values }
    }),
    thresholds: [
      { value: input.thresholds.watch, label: `watch ${input.thresholds.watch}`, breach: 'none' },
      { value: input.thresholds.act, label: `act ${input.thresholds.act}`, breach: 'above' },
    ],
    marks: input.marks ?? [],
  })
}

/** The median of the rows of the windows that have any. */
function usualRows(points: readonly PsiPoint[]): number {
  const rows = points.flatMap((point) => (point.rows > 0 ? [point.rows] : [])).sort((a, b) => a - b)
  return rows[Math.floor(rows.length / 2)] ?? 0
}

/** The windows to show: those up to the newest event, as many as asked for at most, none from before the monitor saw any. */
export function shownSpan(
  monitor: { windowSeconds: number; newestEventAt: Date | null; evaluatedUntil: Date | null },
  windows: number,
): { from: Date; to: Date } | null {
  const newestMs = monitor.newestEventAt?.getTime() ?? monitor.evaluatedUntil?.getTime()
  if (newestMs === undefined) return null
  const stepMs = monitor.windowSeconds * 1000
  const toMs = (Math.floor(newestMs / stepMs) + 1) * stepMs
  return { from: new Date(toMs - windows * stepMs), to: new Date(toMs) }
}

/** The span without the windows before the first one with rows, so that a young monitor does not look like one without data. */
export function sinceFirst(
  span: { from: Date; to: Date },
  series: readonly PsiSeries[],
): { fromMs: number; toMs: number } {
  const firsts = series.flatMap(({ points }) => points.find(({ rows }) => rows > 0)?.windowAt.getTime() ?? [])
  return { fromMs: firsts.length === 0 ? span.from.getTime() : Math.min(...firsts), toMs: span.to.getTime() }
}
