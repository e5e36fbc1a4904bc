import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { formatNumber, shortDigest } from '../../../_ui/format.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import s from './approval.module.css'
import { decimalsFor } from '../../models/metrics.ts'

type Check = { name: string; expression: string; value: number | null; ok: boolean; because: string }

/** The verdict on each thing that the policy asks of the evidence, with the value that it was judged on. */
export function Evidence({ approval: { policy, evidence, subject } }: { approval: ApprovalDetail }) {
  const checks = evidence.flatMap((check) => checksOf(check))
  const digest = subject.evidence[0]?.digest
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
        rows={checks}
        rowKey={(check) => check.name}
        empty={
          <EmptyState icon="scroll" title="The policy asks for no evidence here">
            What was submitted with the version is below.
          </EmptyState>
        }
      />
      {digest !== undefined && (
        <p className={s.foot}>
          Evaluation <Hash digest={digest} />
        </p>
      )}
    </Panel>
  )
}

const columns: Column<Check>[] = [
  { id: 'name', label: 'Check', rowHeader: true, widthPercent: 24, cell: (c) => c.name },
  {
    id: 'verdict',
    label: 'Verdict',
    widthPercent: 14,
    cell: (c) => <Status of={c.ok ? 'pass' : 'fail'} />,
  },
  {
    id: 'value',
    label: 'Value',
    numeric: true,
    widthPercent: 14,
    cell: (c) => (c.value === null ? 'not measured' : formatNumber(c.value, '', decimalsFor(c.value))),
  },
  { id: 'expression', label: 'Rule', cell: (c) => <code>{c.expression}</code> },
]

function checksOf({ kind, ok, because, values }: ApprovalDetail['evidence'][number]): Check[] {
  const names = Object.entries(values)
  if (names.length === 0) return [{ name: kind, expression: `kind: ${kind}`, value: null, ok, because }]
  return names.map(([name, value]) => ({
    name: `${kind}: ${name}`,
    expression: `requireMetrics: ${name}`,
    value,
    ok: value !== null,
    because,
  }))
}
