import type { Metadata } from 'next'
import { actions } from '#lib/access/actions.ts'
import { listMembers } from '#lib/members/reads.ts'
import {
  listDelegations,
  listGroupBindings,
  listIdentityLinks,
  listPeople,
  maySomebodyStandIn,
} from '#lib/members/reads-access.ts'
import { environmentsFor, refusalOf } from '../../_server/may.ts'
import { oneOf, readQuery, type SearchParams } from '../../_server/query.ts'
import { requireSession } from '../../_server/session.ts'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel } from '../../_ui/panel.tsx'
import type { Refusal } from '../../_ui/permission-button.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { Delegate, GiveGroup, GiveRole, Link } from './givers.tsx'
import { MemberTable } from './member-table.tsx'
import { DelegationTable, GroupTable, LinkTable, type DelegationRow } from './tables.tsx'
import { WhoMay } from './who-may.tsx'

export const metadata: Metadata = { title: 'Access' }

const governed = ['member:bind', 'member:unbind', 'identity:link', 'identity:unlink'] as const

export default async function AccessPage({ searchParams }: { searchParams: SearchParams }) {
  const { ctx, workspace } = await requireSession()
  const denied = await refusalOf(ctx, 'member:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const [members, people, environments, groups, delegations, links, delegable] = await Promise.all([
    listMembers(ctx),
    listPeople(ctx),
    environmentsFor(ctx),
    listGroupBindings(ctx),
    listDelegations(ctx),
    listIdentityLinks(ctx),
    maySomebodyStandIn(ctx),
  ])
  const [noBind = null, noUnbind = null, noLink = null, noUnlink = null] = await Promise.all(
    governed.map((action) => refusalOf(ctx, action)),
  )
  const noDelegate = delegable ? null : { because: 'You hold no role that can be delegated.' }
  const nowMs = ctx.clock.now().getTime()
  return (
    <>
      <PageHead
        title="Access"
        because="Who holds which role in this workspace. A role that is narrowed to an environment or a label reaches nothing else."
        actions={<GiveRole refusal={noBind} environments={environments} />}
      />
      <WhoMay
        ctx={ctx}
        question={{
          action: oneOf(query.action, actions, 'approval:vote'),
          environment: environments.find((e) => e.name === query.environment)?.name,
          label: query.label?.slice(0, 63) || undefined,
          identityId: people.find((m) => m.identityId === query.who)?.identityId,
        }}
        people={people}
        environments={environments}
      />
      <Panel title="Members and roles" aside={`${members.length} roles`}>
        <MemberTable
          members={members}
          groupAdmins={groups.items.filter((g) => g.members > 0).map((g) => ({ ...g, bindingId: g.id }))}
          actorId={ctx.actorId}
          nowMs={nowMs}
          noUnbind={noUnbind}
          origin={ctx.config.origin}
          workspace={workspace.name}
        />
      </Panel>
      <Panel title="Groups" aside={<GiveGroup refusal={noBind} environments={environments} />}>
        <GroupTable rows={groups.items} refusal={noUnbind} />
      </Panel>
      <Panel
        title="Delegations"
        aside={<Delegate refusal={noDelegate} environments={environments} people={people} actorId={ctx.actorId} />}
      >
        <DelegationTable
          rows={delegations.items}
          nowMs={nowMs}
          refusalFor={(row) => noRevoke(row, ctx.actorId, noUnbind)}
        />
      </Panel>
      <Panel title="Linked identities" aside={<Link refusal={noLink} people={people} />}>
        <LinkTable rows={links.items} refusal={noUnlink} />
      </Panel>
    </>
  )
}

// Those whom it concerns and admins end a delegation that has not ended.
function noRevoke(row: DelegationRow, actorId: string, notAdmin: Refusal | null): Refusal | null {
  if (row.state === 'ended' || row.state === 'revoked')
    return { because: `This delegation has ${row.state === 'ended' ? 'ended' : 'been revoked'}.` }
  return row.delegatorId === actorId || row.delegateId === actorId ? null : notAdmin
}
