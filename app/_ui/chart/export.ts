import { formatInstant } from '../format.ts'
import type { ChartModel, Values } from './model.ts'

/** The chart's numbers as CSV (RFC 4180): time in UTC, then each series with its interval; a missing value is empty. */
export function chartCsv(model: ChartModel): string {
  const unit = model.unit ? ` (${model.unit})` : ''
  const columns = model.series.flatMap((one): [string, Values][] => [
    [`${one.label}${unit}`, one.values],
    ...(one.band
      ? ([
          [`${one.label}, ${one.band.label} low${unit}`, one.band.low],
          [`${one.label}, ${one.band.label} high${unit}`, one.band.high],
        ] as [string, Values][])
      : []),
  ])
  const rows = Array.from({ length: model.length }, (_, i) => [
    new Date(model.startMs + i * model.stepMs).toISOString(),
    ...columns.map(([, values]) => String(values[i] ?? '')),
  ])
  return [['time', ...columns.map(([label]) => label)], ...rows].map((row) => row.map(quoted).join(',')).join('\r\n')
}

// A leading = + - @ would be run by a spreadsheet as a formula; numbers keep their sign.
function quoted(cell: string): string {
  const safe = /^[-=+@]/.test(cell) && Number.isNaN(Number(cell)) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Rows of the table under the chart: every value when there are few, else evenly spaced ones, the last always. */
export function tableRows(model: ChartModel, rowsMax = 24): { index: number; label: string }[] {
  const stride = Math.max(1, Math.ceil(model.length / rowsMax))
  return Array.from({ length: model.length }, (_, i) => i)
    .filter((i) => i % stride === 0 || i === model.length - 1)
    .map((index) => ({ index, label: formatInstant(model.startMs + index * model.stepMs, model.timeZone) }))
}
