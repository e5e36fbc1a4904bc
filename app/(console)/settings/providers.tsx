import type { IssuerView } from '#lib/members/reads-issuers.ts'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import s from './settings.module.css'

/** The identity providers as the installation has read them; secrets are not among what is shown. */
export function ProviderTable({ issuers }: { issuers: readonly IssuerView[] }) {
  return (
    <DataTable
      caption="Identity providers"
      columns={columns}
      rows={issuers}
      rowKey={(row) => row.name}
      empty={
        <EmptyState icon="key" title="No identity provider">
          People are local personas here. The guide sign-in.md says how to plug in Keycloak, Entra, Okta or GitHub
          Actions.
        </EmptyState>
      }
    />
  )
}

const columns: Column<IssuerView>[] = [
  {
    id: 'name',
    label: 'Name',
    rowHeader: true,
    cell: (row) => (
      <>
        {row.title}
        <small className={s.purpose}>{row.issuer}</small>
      </>
    ),
  },
  { id: 'for', label: 'For', widthPercent: 24, cell: (row) => row.uses.join(', ') },
  { id: 'algorithms', label: 'Algorithms', wideOnly: true, widthPercent: 14, cell: (row) => row.algorithms.join(', ') },
  { id: 'audience', label: 'Audience', wideOnly: true, widthPercent: 20, cell: (row) => row.audience.join(', ') },
  { id: 'rules', label: 'Rules', numeric: true, wideOnly: true, widthPercent: 8, cell: (row) => row.rules },
]
