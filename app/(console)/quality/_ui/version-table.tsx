import type { Estimate } from '#lib/quality/metrics.ts'
import type { QualityView } from '#lib/quality/reads.ts'
import { formatCount, formatDuration, formatInterval, formatNumber } from '../../../_ui/format.ts'
import { Unknown } from '../../../_ui/key-value.tsx'
import { Mark } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import s from './quality.module.css'

export type VersionQuality = QualityView & { versionId: string; name: string; serves: 'stable' | 'candidate' | null }

/** Every figure of each version with its 95 % interval. */
export function VersionTable({ rows }: { rows: readonly VersionQuality[] }) {
  return (
    <DataTable
      caption="Quality by version"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.versionId}
      empty={
        <EmptyState icon="target" title="No labels yet">
          Quality is measured when labels arrive for predictions by their id: send them to the ingest server as events
          of the type label.
        </EmptyState>
      }
    />
  )
}

const columns: Column<VersionQuality>[] = [
  {
    id: 'version',
    label: 'Version',
    rowHeader: true,
    cell: (row) => (
      <>
        {row.name}{' '}
        {row.serves && (
          <Mark glyph={row.serves === 'stable' ? 'dot' : 'half'} hue={row.serves === 'stable' ? 'ok' : 'info'}>
            {row.serves}
          </Mark>
        )}
      </>
    ),
  },
  { id: 'accuracy', label: 'Accuracy', numeric: true, cell: (row) => estimate(row.metrics.accuracy, 100, '%', 1) },
  { id: 'auc', label: 'ROC AUC', numeric: true, cell: (row) => estimate(row.metrics.auc, 1, '', 3) },
  {
    id: 'loss',
    label: 'Log loss',
    numeric: true,
    wideOnly: true,
    cell: (row) => estimate(row.metrics.logLoss, 1, '', 3),
  },
  {
    id: 'gap',
    label: 'Calibration gap',
    numeric: true,
    wideOnly: true,
    cell: (row) => estimate(row.metrics.calibrationGap, 100, 'pp', 1),
  },
  {
    id: 'delay',
    label: 'Label delay',
    numeric: true,
    wideOnly: true,
    cell: ({ metrics }) =>
      metrics.meanDelaySeconds === null ? (
        <Unknown because="no labels" />
      ) : (
        <span className={s.figure}>
          {formatDuration(metrics.meanDelaySeconds * 1000)}
          <small className={s.interval}>mean</small>
        </span>
      ),
  },
  { id: 'labelled', label: 'Labelled', numeric: true, cell: (row) => formatCount(row.counts.labelled) },
]

function estimate(value: Estimate | null, factor: number, unit: string, digits: number) {
  if (value === null) return <Unknown because="no labels that it needs" />
  return (
    <span className={s.figure}>
      {formatNumber(value.value * factor, unit, digits)}
      <small className={s.interval}>
        {value.interval === null
          ? 'too few for an interval'
          : formatInterval(value.interval[0] * factor, value.interval[1] * factor, '', digits)}
      </small>
    </span>
  )
}
