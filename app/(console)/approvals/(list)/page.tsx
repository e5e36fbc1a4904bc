import type { Metadata } from 'next'
import { listApprovals, type ApprovalDetail } from '#lib/approvals/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { environmentsFor, refusalOf } from '../../../_server/may.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { approvalsForMe, inboxItems, openRequests } from '../../../_server/voting.ts'
import { paths, withQuery } from '../../../paths.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { ApprovalTable } from '../approval-table.tsx'
import { InboxList } from '../inbox-list.tsx'

export const metadata: Metadata = { title: 'Approvals' }

const tabs = [
  { id: 'waiting', label: 'Waiting for me' },
  { id: 'open', label: 'Open' },
  { id: 'decided', label: 'Decided' },
] as const
type Tab = (typeof tabs)[number]['id']

export default async function ApprovalsPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'approval:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const mine = await approvalsForMe(ctx)
  // Somebody for whom nothing waits came to see what is open.
  const tab = oneOf(
    query.tab,
    tabs.map((each) => each.id),
    mine.length > 0 ? 'waiting' : 'open',
  )
  const cursor = cursorOf(query.cursor)
  const environments = await environmentsFor(ctx)
  const nowMs = ctx.clock.now().getTime()
  const empty = <NoApprovals tab={tab} />
  const shown = await readTab(ctx, tab, { mine, cursor })
  const { nextCursor } = shown.page
  return (
    <>
      <PageHead title="Approvals" />
      <Toolbar>
        <FilterTabs
          label="Requests"
          tabs={tabs.map(({ id, label }) => ({
            id,
            label,
            href: withQuery(paths.approvals(), { tab: id }),
            ...(id === 'waiting' ? { count: mine.length } : {}),
            current: id === tab,
          }))}
        />
      </Toolbar>
      {shown.kind === 'decided' ? (
        <ApprovalTable approvals={shown.page.items} environments={environments} nowMs={nowMs} empty={empty} />
      ) : (
        <InboxList items={shown.page.items} environments={environments} nowMs={nowMs} empty={empty} />
      )}
      {(nextCursor !== null || cursor !== undefined) && (
        <Pager
          {...pagerLinks(paths.approvals(), { tab }, { cursor, trail: query.trail, nextCursor })}
          shown={`${shown.page.items.length} requests`}
        />
      )}
    </>
  )
}

async function readTab(ctx: Ctx, tab: Tab, of: { mine: readonly ApprovalDetail[]; cursor: string | undefined }) {
  const { mine, cursor } = of
  if (tab === 'decided') return { kind: 'decided' as const, page: await listApprovals(ctx, { decided: true, cursor }) }
  const page =
    tab === 'waiting' ? { items: await inboxItems(ctx, mine), nextCursor: null } : await openRequests(ctx, cursor)
  return { kind: 'undecided' as const, page }
}

const noneOf: Record<Tab, { title: string; text: string }> = {
  waiting: {
    title: 'Nothing waits for you',
    text: 'Requests appear here when their policy asks for a role that you hold and nothing stands against your vote.',
  },
  open: {
    title: 'No open request',
    text: 'A developer asks for approval on the page of a version, or through the API. It appears here until it is decided.',
  },
  decided: {
    title: 'Nothing was decided yet',
    text: 'Requests move here when their quorum is reached or they end otherwise.',
  },
}

function NoApprovals({ tab }: { tab: Tab }) {
  return (
    <EmptyState icon="inbox" title={noneOf[tab].title}>
      {noneOf[tab].text}
    </EmptyState>
  )
}
