import { canAccount, type ServiceAccountView } from '#lib/members/model-service-accounts.ts'
import { stateRefusal } from '../../_server/refusal.ts'
import { curlOf } from '../../_ui/curl.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import type { Refusal } from '../../_ui/permission-button.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import { disableAccountAction, issueTokenAction } from './actions.ts'
import s from './settings.module.css'

export type AccountsProps = {
  accounts: readonly ServiceAccountView[]
  nowMs: number
  noIssue: Refusal | null
  noDisable: Refusal | null
  origin: string
  workspace: string
}

const day = 86_400

/** The accounts of programs, with what may be done to each. */
export function Accounts(props: AccountsProps) {
  return (
    <DataTable
      caption="Service accounts"
      columns={columnsOf(props)}
      rows={props.accounts}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="key" title="No service accounts">
          Make one for a program that has no identity of its own. A pipeline on GitHub, GitLab or Kubernetes needs none.
        </EmptyState>
      }
    />
  )
}

function columnsOf(props: AccountsProps): Column<ServiceAccountView>[] {
  return [
    {
      id: 'name',
      label: 'Name',
      rowHeader: true,
      cell: (row) => (
        <>
          {row.name}
          <small className={s.purpose}>{row.purpose}</small>
        </>
      ),
    },
    {
      id: 'subject',
      label: 'Identity',
      wideOnly: true,
      widthPercent: 26,
      cell: (row) => <code className={s.subject}>{row.subject}</code>,
    },
    {
      id: 'made',
      label: 'Made',
      numeric: true,
      wideOnly: true,
      widthPercent: 10,
      cell: (row) => <Ago atMs={row.createdAt.getTime()} nowMs={props.nowMs} />,
    },
    {
      id: 'tokens',
      label: 'Tokens',
      numeric: true,
      wideOnly: true,
      widthPercent: 9,
      cell: (row) => (row.disabledAt === null ? row.liveTokens : 'disabled'),
    },
    {
      id: 'act',
      label: <span className="sr">Actions</span>,
      numeric: true,
      widthPercent: 30,
      cell: (row) => <Acts row={row} {...props} />,
    },
  ]
}

function Acts({ row, noIssue, noDisable, origin, workspace }: AccountsProps & { row: ServiceAccountView }) {
  const [issue, disable] = [canAccount.issueToken(row), canAccount.disable(row)]
  const fields = { accountId: row.id, lifetimeSeconds: String(day) }
  return (
    <span className={s.acts}>
      <GovernedAction
        refusal={noIssue ?? (issue.allowed ? null : stateRefusal(issue.because))}
        opener="Issue a token…"
        title={`Issue a token for ${row.name}?`}
        plan={[{ what: row.name, to: 'a bearer token for one day' }]}
        note="Its text is shown once and kept nowhere. Over the API it may hold for up to thirty days."
        verb="Issue the token"
        action={issueTokenAction}
        fields={fields}
        reasonLengthMin={null}
        commands={{
          curl: curlOf({
            origin,
            workspace,
            method: 'POST',
            path: `/service-accounts/${row.id}/tokens`,
            body: { lifetimeSeconds: day },
          }),
        }}
      />
      <GovernedAction
        refusal={noDisable ?? (disable.allowed ? null : stateRefusal(disable.because))}
        opener="Disable…"
        kind="danger"
        title={`Disable ${row.name} for good?`}
        plan={[
          { what: 'Its tokens', from: `${row.liveTokens} live`, to: 'refused at once' },
          { what: 'Its roles here', to: 'taken away' },
        ]}
        verb={`Disable ${row.name}`}
        action={disableAccountAction}
        fields={{ accountId: row.id }}
        reasonLengthMin={3}
      />
    </span>
  )
}
