import type { Metadata } from 'next'
import Link from 'next/link'
import { listRollouts } from '#lib/rollouts/reads.ts'
import type { RolloutView } from '#lib/rollouts/views.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths, withQuery } from '../../../paths.ts'
import { stateWords } from '../[id]/_ui/words.ts'

export const metadata: Metadata = { title: 'Rollouts' }

const views = ['all', 'active', 'ended'] as const

export default async function RolloutsPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const view = oneOf(query['view'], views, 'all')
  const cursor = cursorOf(query['cursor'])
  const active = view === 'all' ? undefined : view === 'active'
  const read = await pageRead(listRollouts(ctx, { cursor, active }))
  const nowMs = ctx.clock.now().getTime()
  const keep = view === 'all' ? {} : { view }
  return (
    <>
      <PageHead
        title="Rollouts"
        because="From one version to the next, step by step, each step judged on the same traffic."
      />
      {read.refusal ? (
        <NoPermission {...read.refusal} part />
      ) : (
        <>
          <Toolbar>
            <FilterTabs
              label="Rollouts"
              tabs={[
                { id: 'all', label: 'All', href: paths.rollouts(), current: view === 'all' },
                {
                  id: 'active',
                  label: 'Under way',
                  href: withQuery(paths.rollouts(), { view: 'active' }),
                  current: view === 'active',
                },
                {
                  id: 'ended',
                  label: 'Ended',
                  href: withQuery(paths.rollouts(), { view: 'ended' }),
                  current: view === 'ended',
                },
              ]}
            />
          </Toolbar>
          <DataTable
            caption="Rollouts, newest first"
            columns={columns(nowMs)}
            rows={read.value.items}
            rowKey={(r) => r.id}
            empty={
              <EmptyState icon="branch" title={view === 'active' ? 'No rollout is under way' : 'No rollouts yet'}>
                A rollout begins when somebody starts one for an approved version, from the endpoint&apos;s page or by
                the API.
              </EmptyState>
            }
          />
          <Pager
            {...pagerLinks(paths.rollouts(), keep, {
              cursor,
              trail: query['trail'],
              nextCursor: read.value.nextCursor,
            })}
            shown={`${read.value.items.length} rollouts`}
          />
        </>
      )}
    </>
  )
}

function columns(nowMs: number): Column<RolloutView>[] {
  return [
    {
      id: 'rollout',
      label: 'Rollout',
      widthPercent: 22,
      rowHeader: true,
      cell: (r) => (
        <Link href={paths.rollout(r.id)} prefetch={false}>
          {r.model.name} {r.from.version} → {r.to.version}
        </Link>
      ),
    },
    {
      id: 'state',
      label: 'State',
      widthPercent: 16,
      cell: (r) => {
        const { of, word } = stateWords(r)
        return <Status of={of}>{word}</Status>
      },
    },
    { id: 'because', label: 'Why', cell: (r) => <span title={r.because}>{r.because}</span>, wideOnly: true },
    { id: 'endpoint', label: 'Endpoint', widthPercent: 13, cell: (r) => r.endpoint.name, wideOnly: true },
    { id: 'environment', label: 'Environment', widthPercent: 10, cell: (r) => r.environment.name, wideOnly: true },
    {
      id: 'began',
      label: 'Began',
      widthPercent: 9,
      numeric: true,
      cell: (r) => <Ago atMs={r.createdAt.getTime()} nowMs={nowMs} />,
    },
  ]
}
