import type { Metadata } from 'next'
import { currentApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { refusalOf } from '../../_server/may.ts'
import { requireCtx } from '../../_server/session.ts'
import { paths } from '../../paths.ts'
import { ButtonLink } from '../../_ui/button-link.tsx'
import { formatDuration } from '../../_ui/format.ts'
import { Hash } from '../../_ui/hash.tsx'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'

export const metadata: Metadata = { title: 'Policies' }

type Loaded = ReturnType<typeof currentApprovalPolicies>[number]

export default async function PoliciesPage() {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'approval:read')
  if (denied) return <NoPermission {...denied} />
  return (
    <>
      <PageHead
        title="Policies"
        because="Policies are files of the installation: they are checked at start, change by review, and decisions name them by digest."
        actions={<ButtonLink href={paths.policyWhatIf()}>What if they were others?</ButtonLink>}
      />
      <Panel title="Approval" aside="policies/approvals">
        <DataTable
          caption="Approval policies in force"
          columns={columns}
          rows={currentApprovalPolicies()}
          rowKey={({ digest }) => digest}
          empty={
            <EmptyState icon="scroll" title="No approval policy">
              Without one nothing can be approved.
            </EmptyState>
          }
        />
      </Panel>
    </>
  )
}

const columns: Column<Loaded>[] = [
  { id: 'name', label: 'Policy', rowHeader: true, widthPercent: 14, cell: ({ policy }) => policy.name },
  {
    id: 'when',
    label: 'For',
    widthPercent: 20,
    wideOnly: true,
    cell: ({ policy }) => <code>{policy.when}</code>,
  },
  {
    id: 'quorum',
    label: 'Who decides',
    widthPercent: 18,
    cell: ({ policy }) =>
      Object.entries(policy.quorum)
        .filter(([, need]) => need > 0)
        .map(([role, need]) => `${need} ${role}${need === 1 ? '' : 's'}`)
        .join(' and '),
  },
  { id: 'not', label: 'Never', wideOnly: true, cell: ({ policy }) => policy.separation.join(', ') },
  {
    id: 'ttl',
    label: 'Holds for',
    numeric: true,
    widthPercent: 10,
    wideOnly: true,
    cell: ({ policy }) => formatDuration(policy.approvalTtl * 1000),
  },
  { id: 'digest', label: 'Digest', widthPercent: 20, cell: ({ digest }) => <Hash digest={digest} /> },
]
