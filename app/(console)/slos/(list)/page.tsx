import type { Metadata } from 'next'
import Link from 'next/link'
import type { SloView } from '#lib/slos/model.ts'
import { listSlos } from '#lib/slos/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { Unknown } from '../../../_ui/key-value.tsx'
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
import { budgetLeft, exhaustion, promise, sloStatus } from '../_ui/words.ts'

export const metadata: Metadata = { title: 'SLOs' }

const views = ['all', 'burning'] as const

export default async function SlosPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const view = oneOf(query['view'], views, 'all')
  const cursor = cursorOf(query['cursor'])
  const read = await pageRead(listSlos(ctx, { cursor, ...(view === 'burning' ? { state: 'burning' as const } : {}) }))
  const nowMs = ctx.clock.now().getTime()
  return (
    <>
      <PageHead title="SLOs" because="What is promised of each endpoint, and how much of its error budget is left." />
      {read.refusal ? (
        <NoPermission {...read.refusal} part />
      ) : (
        <>
          <Toolbar>
            <FilterTabs
              label="Objectives"
              tabs={[
                { id: 'all', label: 'All', href: paths.slos(), current: view === 'all' },
                {
                  id: 'burning',
                  label: 'Burning',
                  href: withQuery(paths.slos(), { view: 'burning' }),
                  current: view === 'burning',
                },
              ]}
            />
          </Toolbar>
          <DataTable
            caption="Objectives"
            columns={columns(nowMs)}
            rows={read.value.items}
            rowKey={(slo) => slo.id}
            empty={
              <EmptyState icon="gauge" title={view === 'burning' ? 'No budget burns too fast' : 'No objectives yet'}>
                {view === 'burning'
                  ? 'An objective appears here while its error budget is spent faster than its policy allows.'
                  : 'Objectives come from policy files and are given to an endpoint by the API (POST /api/v1/slos).'}
              </EmptyState>
            }
          />
          <Pager
            {...pagerLinks(paths.slos(), view === 'all' ? {} : { view }, {
              cursor,
              trail: query['trail'],
              nextCursor: read.value.nextCursor,
            })}
            shown={`${read.value.items.length} objectives`}
          />
        </>
      )}
    </>
  )
}

function columns(nowMs: number): Column<SloView>[] {
  return [
    {
      id: 'name',
      label: 'Objective',
      rowHeader: true,
      widthPercent: 20,
      cell: (slo) => (
        <Link href={paths.slo(slo.id)} prefetch={false}>
          {slo.endpoint.name} {slo.name}
        </Link>
      ),
    },
    {
      id: 'state',
      label: 'State',
      widthPercent: 15,
      cell: (slo) => {
        const { of, word } = sloStatus(slo)
        return <Status of={of}>{word}</Status>
      },
    },
    {
      id: 'promise',
      label: 'Promise',
      wideOnly: true,
      cell: (slo) => <span title={promise(slo)}>{promise(slo)}</span>,
    },
    {
      id: 'left',
      label: 'Budget left',
      widthPercent: 12,
      numeric: true,
      cell: (slo) => {
        const left = slo.status?.budget?.left ?? null
        return left === null ? <Unknown because="no requests" /> : budgetLeft(left)
      },
    },
    {
      id: 'exhausted',
      label: 'Runs out',
      widthPercent: 13,
      numeric: true,
      wideOnly: true,
      cell: (slo) => {
        const { words, known } = exhaustion(slo)
        return known ? words : <Unknown because="no requests" />
      },
    },
    {
      id: 'evaluated',
      label: 'Evaluated',
      widthPercent: 11,
      numeric: true,
      wideOnly: true,
      cell: (slo) => (slo.evaluatedAt ? <Ago atMs={slo.evaluatedAt.getTime()} nowMs={nowMs} /> : 'not yet'),
    },
  ]
}
