import type { ReactNode } from 'react'
import { formatDelta, formatNumber } from '../../_ui/format.ts'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { decimalsFor, type MetricLine } from './metrics.ts'

export type MetricTableProps = {
  lines: readonly MetricLine[]
  /** The name of this version, and of the one that serves; null when nothing serves. */
  version: string
  serving: string | null
  empty: ReactNode
}

/** Evaluation metrics of a version beside those of the one that serves. Which direction is better, the metric says. */
export function MetricTable({ lines, version, serving, empty }: MetricTableProps) {
  return (
    <DataTable
      caption={serving === null ? `Metrics of ${version}` : `Metrics of ${version} beside ${serving}, which serves`}
      columns={columnsOf(version, serving)}
      rows={lines}
      rowKey={(line) => line.name}
      empty={empty}
    />
  )
}

function columnsOf(version: string, serving: string | null): Column<MetricLine>[] {
  const own: Column<MetricLine>[] = [
    { id: 'name', label: 'Metric', rowHeader: true, cell: (l) => <code>{l.name}</code> },
    { id: 'value', label: version, numeric: true, cell: (l) => number(l, l.value) },
  ]
  if (serving === null) return own
  return [
    ...own,
    { id: 'serving', label: `${serving} (serving)`, numeric: true, cell: (l) => number(l, l.serving) },
    {
      id: 'delta',
      label: 'Difference',
      numeric: true,
      cell: (l) => (l.delta === null ? 'unknown' : formatDelta(l.delta, '', decimalsFor(l.value, l.serving))),
    },
  ]
}

function number(line: MetricLine, value: number | null): ReactNode {
  if (value === null) return 'not measured'
  return formatNumber(value, '', decimalsFor(line.value, line.serving))
}
