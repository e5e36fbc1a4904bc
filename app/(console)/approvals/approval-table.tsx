import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import { paths } from '../../paths.ts'
import { EnvironmentMark } from '../../_ui/shell/workspace-switcher.tsx'
import { Status } from '../../_ui/status.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { approvalWords } from './words.ts'

export type ApprovalTableProps = {
  approvals: readonly ApprovalView[]
  environments: readonly EnvironmentView[]
  nowMs: number
  empty: ReactNode
}

/** Requests: what may serve where, who asks, and until when. */
export function ApprovalTable({ approvals, environments, nowMs, empty }: ApprovalTableProps) {
  return (
    <DataTable
      caption="Requests for approval"
      columns={columnsOf(environments, nowMs)}
      rows={approvals}
      rowKey={(a) => a.id}
      empty={empty}
    />
  )
}

function columnsOf(environments: readonly EnvironmentView[], nowMs: number): Column<ApprovalView>[] {
  return [
    {
      id: 'state',
      label: 'State',
      widthPercent: 12,
      cell: (a) => <Status of={approvalWords[a.state].of}>{approvalWords[a.state].words}</Status>,
    },
    {
      id: 'what',
      label: 'May serve',
      rowHeader: true,
      widthPercent: 24,
      cell: (a) => (
        <Link href={paths.approval(a.id)} prefetch={false}>
          {a.subject.model.name} {a.subject.version.version}
        </Link>
      ),
    },
    {
      id: 'where',
      label: 'In',
      widthPercent: 12,
      cell: (a) => (
        <EnvironmentMark
          label={a.subject.environment.name}
          production={environments.some((e) => e.id === a.subject.environment.id && e.protected)}
        />
      ),
    },
    { id: 'who', label: 'Asked by', widthPercent: 14, wideOnly: true, cell: (a) => a.requestedBy.name },
    { id: 'why', label: 'Why', wideOnly: true, cell: (a) => <span title={a.because}>{a.because}</span> },
    {
      id: 'when',
      label: 'Since',
      numeric: true,
      widthPercent: 10,
      cell: (a) => <Ago atMs={(a.decidedAt ?? a.requestedAt).getTime()} nowMs={nowMs} />,
    },
    {
      id: 'until',
      label: 'Until',
      numeric: true,
      widthPercent: 10,
      wideOnly: true,
      cell: (a) =>
        a.state === 'open' || a.state === 'approved' ? <Ago atMs={a.expiresAt.getTime()} nowMs={nowMs} /> : 'ended',
    },
  ]
}
