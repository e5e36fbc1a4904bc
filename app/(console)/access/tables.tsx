import type { listDelegations, listGroupBindings, listIdentityLinks } from '#lib/members/reads-access.ts'
import type { Refusal } from '../../_ui/permission-button.tsx'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { Status } from '../../_ui/status.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { revokeDelegationAction, unbindGroupAction, unlinkAction } from './actions.ts'
import { actionColumn, quietColumn, roleColumns } from './columns.tsx'

type Row<T extends (...args: never[]) => Promise<{ items: unknown[] }>> = Awaited<ReturnType<T>>['items'][number]
export type GroupRow = Row<typeof listGroupBindings>
export type DelegationRow = Row<typeof listDelegations>
export type LinkRow = Row<typeof listIdentityLinks>

type GroupProps = { rows: readonly GroupRow[]; refusal: Refusal | null }
/** Roles that groups have. */
export function GroupTable(props: GroupProps) {
  return (
    <DataTable
      caption="Roles of groups"
      columns={groupColumns(props)}
      rows={props.rows}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="key" title="No group has a role here">
          A role of a group is held by whoever the identity provider says is in it.
        </EmptyState>
      }
    />
  )
}

function groupColumns(props: GroupProps): Column<GroupRow>[] {
  return [
    { id: 'group', label: 'Group', rowHeader: true, widthPercent: 26, cell: (row) => row.group },
    ...roleColumns<GroupRow>(),
    quietColumn('issuer', 'Issuer', (row) => row.issuer),
    {
      id: 'members',
      label: 'Known in it',
      numeric: true,
      wideOnly: true,
      widthPercent: 10,
      cell: (row) => row.members,
    },
    actionColumn((row) => (
      <GovernedAction
        refusal={props.refusal}
        opener="Take away…"
        title={`Take the role ${row.role} from ${row.group}?`}
        plan={[
          { what: `${row.members} known in ${row.group}`, from: row.role, to: 'without it' },
          { what: 'Votes cast under it', to: 'count no more' },
        ]}
        verb={`Take ${row.role} away`}
        action={unbindGroupAction}
        fields={{ bindingId: row.id }}
        reasonLengthMin={3}
      />
    )),
  ]
}

const shownState = { planned: 'unknown', live: 'pass', ended: 'unknown', revoked: 'fail' } as const

type DelegationProps = {
  rows: readonly DelegationRow[]
  nowMs: number
  refusalFor: (row: DelegationRow) => Refusal | null
}
/** Who stands in for whom. */
export function DelegationTable(props: DelegationProps) {
  return (
    <DataTable
      caption="Delegations"
      columns={delegationColumns(props)}
      rows={props.rows}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="key" title="Nobody stands in for anybody">
          Whoever holds a role may delegate it for up to thirty days.
        </EmptyState>
      }
    />
  )
}

function delegationColumns(props: DelegationProps): Column<DelegationRow>[] {
  return [
    {
      id: 'who',
      label: 'Who for whom',
      rowHeader: true,
      widthPercent: 30,
      cell: (row) => `${row.delegateName} for ${row.delegatorName}`,
    },
    ...roleColumns<DelegationRow>(),
    {
      id: 'state',
      label: 'State',
      wideOnly: true,
      cell: (row) => (
        <Status of={row.state === 'live' && !row.held ? 'fail' : shownState[row.state]}>
          {row.state === 'live' && !row.held ? 'delegator lost the role' : row.state}
        </Status>
      ),
    },
    {
      id: 'ends',
      label: 'Ends',
      numeric: true,
      wideOnly: true,
      widthPercent: 12,
      cell: (row) => <Ago atMs={row.endsAt.getTime()} nowMs={props.nowMs} />,
    },
    actionColumn((row) => (
      <GovernedAction
        refusal={props.refusalFor(row)}
        opener="Revoke…"
        title={`End that ${row.delegateName} stands in for ${row.delegatorName}?`}
        plan={[{ what: row.delegateName, from: `${row.role}, delegated`, to: 'without it' }]}
        verb="Revoke the delegation"
        action={revokeDelegationAction}
        fields={{ delegationId: row.id }}
        reasonLengthMin={3}
      />
    )),
  ]
}

type LinkProps = { rows: readonly LinkRow[]; refusal: Refusal | null }
/** Identities that are one person. */
export function LinkTable(props: LinkProps) {
  return (
    <DataTable
      caption="Linked identities"
      columns={linkColumns(props)}
      rows={props.rows}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="key" title="No identities are linked">
          Link a person’s identities, so that they count once and never decide on their own work.
        </EmptyState>
      }
    />
  )
}

function linkColumns(props: LinkProps): Column<LinkRow>[] {
  return [
    { id: 'a', label: 'Identity', rowHeader: true, widthPercent: 24, cell: (row) => row.aName },
    { id: 'b', label: 'Same person as', widthPercent: 24, cell: (row) => row.bName },
    quietColumn('reason', 'Why', (row) => row.reason),
    {
      id: 'where',
      label: 'Holds',
      wideOnly: true,
      widthPercent: 12,
      cell: (row) => (row.everywhere ? 'everywhere' : 'here'),
    },
    actionColumn((row) => (
      <GovernedAction
        refusal={
          row.everywhere
            ? { because: 'The installation linked them: an admin of its own workspace takes that back.' }
            : props.refusal
        }
        opener="Unlink…"
        title={`Take back that ${row.aName} and ${row.bName} are one person?`}
        plan={[{ what: 'They count as', from: 'one person', to: 'two people' }]}
        verb="Unlink them"
        action={unlinkAction}
        fields={{ linkId: row.id }}
        reasonLengthMin={3}
      />
    )),
  ]
}
