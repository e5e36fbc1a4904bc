import type { Metadata } from 'next'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { environmentsFor, refusalOf } from '../../../_server/may.ts'
import { cursorOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { paths, withQuery } from '../../../paths.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { FilterField } from '../../../_ui/table/filter-field.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { EndpointTable } from '../endpoint-table.tsx'
import { byHealth } from '../words.ts'

export const metadata: Metadata = { title: 'Endpoints' }

export default async function EndpointsPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const denied = await refusalOf(ctx, 'endpoint:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const { q, environment } = query
  const cursor = cursorOf(query.cursor)
  const [page, environments] = await Promise.all([listEndpoints(ctx, { limit: 200, cursor }), environmentsFor(ctx)])
  const named = page.items.filter((e) => contains(e.name, q) || contains(e.modelName, q))
  const shown = named.filter((e) => environment === undefined || e.environment.name === environment)
  const tabs = [undefined, ...environments.map((e) => e.name)].map((name) => ({
    id: name ?? 'all',
    label: name ?? 'All',
    href: withQuery(paths.endpoints(), { q, environment: name }),
    count: named.filter((e) => name === undefined || e.environment.name === name).length,
    current: name === environment,
  }))
  return (
    <>
      <PageHead title="Endpoints" />
      <Toolbar>
        <FilterTabs label="Environments" tabs={tabs} />
        <FilterField
          label="Filter endpoints"
          placeholder="Filter by name or model"
          value={q ?? ''}
          keep={environment === undefined ? {} : { environment }}
        />
      </Toolbar>
      <div data-live-region="">
        <EndpointTable
          endpoints={shown.toSorted(byHealth)}
          nowMs={ctx.clock.now().getTime()}
          empty={<NoEndpoints filtered={q !== undefined || environment !== undefined} />}
        />
      </div>
      {(page.nextCursor !== null || cursor !== undefined) && (
        <Pager
          {...pagerLinks(
            paths.endpoints(),
            { q, environment },
            { cursor, trail: query.trail, nextCursor: page.nextCursor },
          )}
          shown={`${page.items.length} endpoints`}
        />
      )}
    </>
  )
}

function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase())
}

function NoEndpoints({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <EmptyState icon="search" title="No endpoint fits">
        Take the filter away to see all of them.
      </EmptyState>
    )
  return (
    <EmptyState icon="server" title="No endpoint yet">
      An endpoint is where one model serves in one environment. An operator or admin creates it through the API; then a
      version can be deployed to it.
    </EmptyState>
  )
}
