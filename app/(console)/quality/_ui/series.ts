import type { Estimate, QualityMetrics } from '#lib/quality/metrics.ts'
import type { QualityPoint } from '#lib/quality/reads.ts'
import type { ChartModel } from '../../../_ui/chart/model.ts'
import { prepareChart, type SeriesInput } from '../../../_ui/chart/prepare.ts'

const dayMs = 86_400_000
/** A chart has six hues for versions. */
const versionsMax = 6

type Figure = Extract<keyof QualityMetrics, 'accuracy' | 'auc' | 'logLoss' | 'calibrationGap'>

const figures: { id: Figure; title: string; unit: string; factor: number; digits: number }[] = [
  { id: 'accuracy', title: 'Accuracy', unit: '%', factor: 100, digits: 1 },
  { id: 'auc', title: 'ROC AUC', unit: '', factor: 1, digits: 3 },
  { id: 'logLoss', title: 'Log loss', unit: '', factor: 1, digits: 3 },
  { id: 'calibrationGap', title: 'Calibration gap', unit: 'pp', factor: 100, digits: 1 },
]

/** A value a day of event time for the newest six versions; a day without labels is a gap. */
export function dailyCharts(points: readonly QualityPoint[], nameOf: (versionId: string) => string): ChartModel[] {
  const days = daysOf(points)
  if (days === null) return []
  const versions = [...new Set(points.map((p) => p.versionId))].sort().slice(-versionsMax)
  const charts = figures.map((figure) =>
    prepareChart({
      id: figure.id,
      title: figure.title,
      unit: figure.unit,
      digits: figure.digits,
      ...days,
      series: versions.map((id) => seriesOf(points, days, figure, id, nameOf(id))),
      ...(figure.id === 'calibrationGap'
        ? { thresholds: [{ value: 0, label: 'calibrated', breach: 'none' as const }] }
        : {}),
    }),
  )
  const labels = versions.map((id) => ({
    id,
    label: nameOf(id),
    values: daily(points, days, id, (point) => point.counts.labelled),
  }))
  const delays = versions.map((id) => ({
    id,
    label: nameOf(id),
    values: daily(points, days, id, ({ metrics }) => hours(metrics.meanDelaySeconds)),
  }))
  const delay = prepareChart({ id: 'delay', title: 'Mean label delay', unit: 'h', digits: 1, ...days, series: delays })
  const counts = { id: 'labels', title: 'Labelled predictions', unit: 'a day', digits: 0, shape: 'stacked' as const }
  return [...charts, delay, prepareChart({ ...counts, ...days, series: labels })]
}

function hours(seconds: number | null): number | null {
  return seconds === null ? null : seconds / 3600
}

type Days = { startMs: number; stepMs: number; length: number }

function daysOf(points: readonly QualityPoint[]): Days | null {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) return null
  const startMs = first.windowAt.getTime()
  return { startMs, stepMs: dayMs, length: Math.round((last.windowAt.getTime() - startMs) / dayMs) + 1 }
}

function seriesOf(
  points: readonly QualityPoint[],
  days: Days,
  { id, factor }: (typeof figures)[number],
  versionId: string,
  label: string,
): SeriesInput {
  const of = (pick: (estimate: Estimate) => number | undefined) =>
    daily(points, days, versionId, ({ metrics }) => {
      const estimate = metrics[id]
      const value = estimate === null ? undefined : pick(estimate)
      return value === undefined ? null : value * factor
    })
  const low = of(({ interval }) => interval?.[0])
  const high = of(({ interval }) => interval?.[1])
  return { id: versionId, label, values: of(({ value }) => value), band: { label: '95 % interval', low, high } }
}

function daily(
  points: readonly QualityPoint[],
  days: Days,
  versionId: string,
  value: (point: QualityPoint) => number | null,
): (number | null)[] {
  const found = new Map(points.filter((p) => p.versionId === versionId).map((p) => [p.windowAt.getTime(), p]))
  return Array.from({ length: days.length }, (_, i) => {
    const point = found.get(days.startMs + i * dayMs)
    return point === undefined ? null : value(point)
  })
}
