import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { formatDuration, formatNumber, shortDigest } from '../../../_ui/format.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import s from './approval.module.css'
import { decimalsFor } from '../../models/metrics.ts'

type Check = ApprovalDetail['evidence'][number]

/** The verdict on each thing that the policy asks of the evidence, with the value that it was judged on. */
export function Evidence({ approval: { policy, evidence, subject } }: { approval: ApprovalDetail }) {
  return (
    <Panel
      title="Evidence"
      aside={
        <>
          policy {policy.name} {shortDigest(policy.digest)}
        </>
      }
    >
      <DataTable
        caption="Evidence that the policy asks for"
        columns={columns}
        rows={evidence}
        rowKey={(check) => `${check.kind} ${check.expression}`}
        empty={
          <EmptyState icon="scroll" title="The policy asks for no evidence here">
            What was submitted with the version is below.
          </EmptyState>
        }
      />
      <ul className={s.foot}>
        {subject.evidence.map((piece) => (
          <li key={piece.digest}>
            {piece.kind} <Hash digest={piece.digest} /> {piece.producer !== '' && `by ${piece.producer}, `}
            <time dateTime={piece.at}>{piece.at.slice(0, 10)}</time>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

const columns: Column<Check>[] = [
  { id: 'name', label: 'Kind', rowHeader: true, widthPercent: 26, cell: (c) => c.kind },
  { id: 'verdict', label: 'Verdict', widthPercent: 16, cell: (c) => <Status of={c.ok ? 'pass' : 'fail'} /> },
  {
    id: 'rule',
    label: 'Rule, and the values it was judged on',
    cell: (c) => (
      <div className={s.rule}>
        {c.expression !== null && <code>{c.expression}</code>}
        <span className={s.quiet}>
          {c.because}
          {c.maxAgeSeconds !== null && `; at most ${formatDuration(c.maxAgeSeconds * 1000)} old`}
        </span>
        {Object.entries(c.values).map(([name, value]) => (
          <span key={name}>
            {name} = <strong>{value === null ? 'missing' : shown(value)}</strong>
          </span>
        ))}
      </div>
    ),
  },
]

function shown(value: number | string | boolean): string {
  return typeof value === 'number' ? formatNumber(value, '', decimalsFor(value)) : String(value)
}
