import type { Metadata } from 'next'
import { actions } from '#lib/access/actions.ts'
import { listMembers } from '#lib/members/reads.ts'
import { environmentsFor, refusalOf } from '../../_server/may.ts'
import { oneOf, readQuery, type SearchParams } from '../../_server/query.ts'
import { requireSession } from '../../_server/session.ts'
import { CopyButton } from '../../_ui/copy-button.tsx'
import { curlOf } from '../../_ui/curl.ts'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { MemberTable } from './member-table.tsx'
import { WhoMay } from './who-may.tsx'

export const metadata: Metadata = { title: 'Access' }

export default async function AccessPage({ searchParams }: { searchParams: SearchParams }) {
  const { ctx, workspace } = await requireSession()
  const denied = await refusalOf(ctx, 'member:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const [members, environments, noUnbind] = await Promise.all([
    listMembers(ctx),
    environmentsFor(ctx),
    refusalOf(ctx, 'member:unbind'),
  ])
  const environment = environments.find((e) => e.name === query.environment)?.name
  const bind = curlOf({
    origin: ctx.config.origin,
    workspace: workspace.name,
    method: 'POST',
    path: '/members',
    body: { issuer: 'https://issuer.example', subject: 'their-subject', name: 'Their Name', role: 'developer' },
  })
  return (
    <>
      <PageHead
        title="Access"
        because="Who holds which role in this workspace. A role that is narrowed to an environment or a label reaches nothing else."
        actions={<CopyButton text={bind}>Copy giving a role as curl</CopyButton>}
      />
      <WhoMay
        ctx={ctx}
        action={oneOf(query.action, actions, 'approval:vote')}
        environment={environment}
        label={query.label?.slice(0, 63)}
        members={members}
        environments={environments}
      />
      <Panel title="Members and roles" aside={`${members.length} roles`}>
        <MemberTable
          members={members}
          actorId={ctx.actorId}
          nowMs={ctx.clock.now().getTime()}
          noUnbind={noUnbind}
          origin={ctx.config.origin}
          workspace={workspace.name}
        />
      </Panel>
    </>
  )
}
