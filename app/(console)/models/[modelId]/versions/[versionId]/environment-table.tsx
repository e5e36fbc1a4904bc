import Link from 'next/link'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { EnvironmentView, ServingView, VersionView } from '#lib/models/model.ts'
import { paths } from '../../../../../paths.ts'
import { EnvironmentMark } from '../../../../../_ui/shell/workspace-switcher.tsx'
import { EmptyState } from '../../../../../_ui/states/empty-state.tsx'
import { Status } from '../../../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../../../_ui/table/data-table.tsx'
import { Ago } from '../../../../../_ui/time.tsx'
import { approvalWords } from '../../../../approvals/words.ts'
import s from '../../../models.module.css'

export type EnvironmentTableProps = {
  environments: readonly EnvironmentView[]
  /** Requests for this version, newest first. */
  approvals: readonly ApprovalView[]
  /** What serves of this model now. */
  serving: readonly ServingView[]
  version: Pick<VersionView, 'id'>
  nowMs: number
}

/** For each environment: what serves there, and how this version's approval stands. */
export function EnvironmentTable(props: EnvironmentTableProps) {
  return (
    <DataTable
      caption="Environments"
      columns={columnsOf(props)}
      rows={props.environments}
      rowKey={(e) => e.id}
      empty={
        <EmptyState icon="server" title="No environment yet">
          An admin makes environments, such as staging and a protected production.
        </EmptyState>
      }
    />
  )
}

function columnsOf({ approvals, serving, version, nowMs }: EnvironmentTableProps): Column<EnvironmentView>[] {
  return [
    {
      id: 'name',
      label: 'Environment',
      rowHeader: true,
      widthPercent: 22,
      cell: (e) => <EnvironmentMark label={e.name} production={e.protected} />,
    },
    {
      id: 'serves',
      label: 'Serves now',
      widthPercent: 22,
      cell: (e) => {
        const here = serving.filter((each) => each.environmentId === e.id)
        if (here.length === 0) return <span className={s.quiet}>nothing</span>
        return here.map((each) => (each.versionId === version.id ? 'this version' : each.version)).join(', ')
      },
    },
    {
      id: 'approval',
      label: 'Approval of this version',
      cell: (e) => {
        const newest = approvals.find((a) => a.subject.environment.id === e.id)
        if (!newest) return <Status of="draft">{e.protected ? 'Not asked for' : 'Not asked for, not needed'}</Status>
        const { of, words } = approvalWords[newest.state]
        return (
          <Link href={paths.approval(newest.id)} prefetch={false}>
            <Status of={of}>{words}</Status>{' '}
            <span className={s.quiet}>
              <Ago atMs={(newest.decidedAt ?? newest.requestedAt).getTime()} nowMs={nowMs} />
            </span>
          </Link>
        )
      },
    },
  ]
}
