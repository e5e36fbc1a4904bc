import { can, type HeldRole } from '#lib/members/model.ts'
import type { listMembers } from '#lib/members/reads.ts'
import { stateRefusal } from '../../_server/refusal.ts'
import { curlOf } from '../../_ui/curl.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import type { Refusal } from '../../_ui/permission-button.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { unbindAction } from './actions.ts'
import { actionColumn, quietColumn, roleColumns } from './columns.tsx'

type Row = Awaited<ReturnType<typeof listMembers>>[number]

export type MemberTableProps = {
  members: readonly Row[]
  /** Roles of groups with somebody in them: an admin of those is one as well. */
  groupAdmins: readonly HeldRole[]
  actorId: string
  nowMs: number
  /** Why the caller may not take roles away, or null. */
  noUnbind: Refusal | null
  origin: string
  workspace: string
}

/** Every role that somebody holds here, and how far it reaches. */
export function MemberTable(props: MemberTableProps) {
  return (
    <DataTable
      caption="Members and roles"
      columns={columnsOf(props)}
      rows={props.members}
      rowKey={(row) => row.bindingId}
      empty={
        <EmptyState icon="key" title="Nobody has a role here">
          An admin of the installation gives the first one.
        </EmptyState>
      }
    />
  )
}

function columnsOf(props: MemberTableProps): Column<Row>[] {
  const { actorId, nowMs } = props
  return [
    {
      id: 'name',
      label: 'Who',
      rowHeader: true,
      widthPercent: 20,
      cell: (row) => (row.identityId === actorId ? `${row.name} (you)` : row.name),
    },
    ...roleColumns<Row>(),
    quietColumn('identity', 'Identity', (row) => `${row.issuer} / ${row.subject}`),
    {
      id: 'since',
      label: 'Since',
      numeric: true,
      widthPercent: 10,
      wideOnly: true,
      cell: (row) => <Ago atMs={row.created_at.getTime()} nowMs={nowMs} />,
    },
    actionColumn((row) => <Unbind row={row} {...props} />),
  ]
}

function Unbind({ row, members, groupAdmins, noUnbind, origin, workspace }: MemberTableProps & { row: Row }) {
  const may = can.unbind(row, [...members, ...groupAdmins])
  return (
    <GovernedAction
      refusal={noUnbind ?? (may.allowed ? null : stateRefusal(may.because))}
      opener="Take away…"
      title={`Take the role ${row.role} from ${row.name}?`}
      plan={[
        { what: `${row.name} in this workspace`, from: row.role, to: 'without it' },
        { what: 'Votes cast under it', to: 'count no more' },
      ]}
      verb={`Take ${row.role} away`}
      action={unbindAction}
      fields={{ bindingId: row.bindingId }}
      reasonLengthMin={3}
      commands={{
        curl: curlOf({
          origin,
          workspace,
          method: 'POST',
          path: `/members/${row.bindingId}/unbind`,
          body: { reason: 'why' },
        }),
      }}
    />
  )
}
