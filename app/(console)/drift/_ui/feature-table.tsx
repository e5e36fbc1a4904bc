import Link from 'next/link'
import type { FindingView, MonitorView } from '#lib/drift/reads.ts'
import { Drill } from '../../../_ui/drill.tsx'
import { formatCount, formatNumber } from '../../../_ui/format.ts'
import { Unknown } from '../../../_ui/key-value.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { paths } from '../../../paths.ts'
import { ordered, thresholdsOf, type Feature } from './order.ts'
import { eventDay, pValue, verdictWords } from './words.ts'
import s from './drift.module.css'

export type FeatureTableProps = {
  monitor: MonitorView
  /** Findings of the monitor that are not resolved. */
  standing: readonly FindingView[]
  /** Only this many, the weightiest. */
  limit?: number
}

/** Every feature by effect and certainty, with what the verdict rests on. */
export function FeatureTable({ monitor, standing, limit = Infinity }: FeatureTableProps) {
  const rows = ordered(monitor).slice(0, limit)
  return (
    <DataTable
      caption={`Features of ${monitor.name}`}
      columns={columns(monitor, new Map(standing.map((finding) => [finding.feature, finding])))}
      rows={rows}
      rowKey={(row) => row.key}
      empty={
        <EmptyState icon="wave" title="Not evaluated yet">
          The first verdicts come when event time has passed the end of a window and its lateness.
        </EmptyState>
      }
    />
  )
}

function columns(monitor: MonitorView, standing: ReadonlyMap<string, FindingView>): Column<Feature>[] {
  return [
    {
      id: 'feature',
      label: 'Feature',
      rowHeader: true,
      widthPercent: 20,
      cell: (row) => (
        <Link href={paths.driftFeature(monitor.id, row.feature)} prefetch={false}>
          {row.feature}
        </Link>
      ),
    },
    {
      id: 'verdict',
      label: 'Verdict',
      widthPercent: 15,
      cell: (row) => <Status of={verdictWords[row.verdict].of}>{verdictWords[row.verdict].word}</Status>,
    },
    { id: 'effect', label: 'PSI', wideOnly: true, cell: (row) => <EffectBar row={row} monitor={monitor} /> },
    { id: 'psi', label: <span className="sr">PSI value</span>, numeric: true, widthPercent: 8, cell: effect },
    {
      id: 'p',
      label: 'Adjusted p',
      numeric: true,
      widthPercent: 11,
      cell: (row) => (row.figures ? pValue(row.figures.adjustedP) : <Unknown because="not judged" />),
    },
    {
      id: 'rows',
      label: 'Rows',
      numeric: true,
      widthPercent: 8,
      wideOnly: true,
      cell: (row) => formatCount(row.figures?.rows ?? row.pending.rows),
    },
    {
      id: 'since',
      label: 'Finding',
      widthPercent: 20,
      wideOnly: true,
      cell: (row) => {
        const finding = standing.get(row.feature)
        if (!finding)
          return row.verdict === 'ok' ? 'none' : <span title={row.because.join('; ')}>{row.because[0]}</span>
        return (
          <>
            {finding.state}, since {eventDay(finding.since)} {finding.drill && <Drill label={finding.drill} />}
          </>
        )
      },
    },
  ]
}

function effect(row: Feature) {
  return row.figures ? formatNumber(row.figures.effect, '', 3) : <Unknown because={row.because[0] ?? 'not judged'} />
}

/** The effect beside its two thresholds, on a scale that ends at three times the one for acting. */
function EffectBar({ row, monitor }: { row: Feature; monitor: MonitorView }) {
  const { watch, act } = thresholdsOf(monitor.policy, row.feature)
  const end = act * 3
  const width = Math.min(1, (row.figures?.effect ?? 0) / end)
  return (
    <span className={s.track} title={`watch from ${watch}, act from ${act}`}>
      <i data-verdict={row.verdict} style={{ width: `${Math.round(width * 1000) / 10}%` }} />
      <b style={{ left: `${(watch / end) * 100}%` }} />
      <b data-act="" style={{ left: `${(act / end) * 100}%` }} />
    </span>
  )
}
