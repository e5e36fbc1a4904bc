import type { Metadata } from 'next'
import { listApprovals } from '#lib/approvals/reads.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { listModels, listNewestVersions, listServing } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { cursorOf, oneOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireSession } from '../../../_server/session.ts'
import { paths, withQuery } from '../../../paths.ts'
import { ButtonLink } from '../../../_ui/button-link.tsx'
import { CopyButton } from '../../../_ui/copy-button.tsx'
import { curlOf } from '../../../_ui/curl.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Toolbar } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { statusWords } from '../../../_ui/status.tsx'
import { FilterField } from '../../../_ui/table/filter-field.tsx'
import { FilterTabs } from '../../../_ui/table/filter-tabs.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { parseSort, sortParam } from '../../../_ui/table/sort.ts'
import { ModelTable } from '../model-table.tsx'
import { lineOf, modelSorts, modelStates, sortLines, type ModelLine } from '../status.ts'

export const metadata: Metadata = { title: 'Models' }

const byName = { by: 'name', direction: 'ascending' } as const

export default async function ModelsPage({ searchParams }: { searchParams: SearchParams }) {
  const { ctx, workspace } = await requireSession()
  const denied = await refusalOf(ctx, 'model:read')
  if (denied) return <NoPermission {...denied} />
  const query = await readQuery(searchParams)
  const { q, sort: sorted, trail } = query
  const [cursor, state] = [cursorOf(query.cursor), oneOf(query.state, modelStates, undefined)]
  const page = await readLines(ctx, q, cursor)
  const sort = parseSort(sorted, modelSorts, byName)
  const shown = sortLines(page.lines, sort).filter((line) => state === undefined || line.state === state)
  const here = (more: Record<string, string | undefined>) =>
    withQuery(paths.models(), { q, state, sort: sorted, ...more })
  const register = curlOf({
    origin: ctx.config.origin,
    workspace: workspace.name,
    method: 'POST',
    path: '/models',
    body: { name: 'my-model', title: 'My model', risk: 'medium', labels: [] },
  })
  return (
    <>
      <PageHead
        title="Models"
        actions={
          <>
            <CopyButton text={register}>Copy registration as curl</CopyButton>
            <ButtonLink href={paths.importModels()}>Import from MLflow</ButtonLink>
          </>
        }
      />
      <Toolbar>
        <FilterTabs label="States" tabs={tabsOf(page.lines, state, here)} />
        <FilterField
          label="Filter models"
          placeholder="Filter by name or title"
          value={q ?? ''}
          keep={{ ...(state ? { state } : {}), ...(sorted ? { sort: sorted } : {}) }}
        />
      </Toolbar>
      <ModelTable
        lines={shown}
        nowMs={ctx.clock.now().getTime()}
        sort={sort}
        sortHref={(next) => here({ sort: sortParam(next) })}
        empty={<NoModels filtered={q !== undefined || state !== undefined} />}
      />
      {(page.nextCursor !== null || cursor !== undefined) && (
        <Pager
          {...pagerLinks(paths.models(), { q, state, sort: sorted }, { cursor, trail, nextCursor: page.nextCursor })}
          shown={`${page.lines.length} models`}
        />
      )}
    </>
  )
}

async function readLines(ctx: Ctx, text: string | undefined, cursor: string | undefined) {
  const page = await listModels(ctx, { limit: 100, cursor, text })
  const [noApprovals, noEndpoints] = await Promise.all([
    refusalOf(ctx, 'approval:read'),
    refusalOf(ctx, 'endpoint:read'),
  ])
  const [newest, serving, endpoints, approvals] = await Promise.all([
    listNewestVersions(
      ctx,
      page.items.map((m) => m.id),
    ),
    listServing(ctx),
    noEndpoints ? [] : listEndpoints(ctx, { limit: 200 }).then((p) => p.items),
    noApprovals ? [] : listApprovals(ctx, { limit: 200 }).then((p) => p.items),
  ])
  const known = { newest, serving, endpoints, approvals }
  return { lines: page.items.map((model) => lineOf(model, known)), nextCursor: page.nextCursor }
}

function tabsOf(
  lines: readonly ModelLine[],
  current: string | undefined,
  here: (more: Record<string, string | undefined>) => string,
) {
  const all = { id: 'all', label: 'All', href: here({ state: undefined }), count: lines.length, current: !current }
  const states = modelStates.map((state) => ({
    id: state,
    label: statusWords[state].word,
    href: here({ state }),
    count: lines.filter((line) => line.state === state).length,
    current: current === state,
  }))
  return [all, ...states]
}

function NoModels({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <EmptyState icon="search" title="No model fits">
        Take the filter away to see all of them.
      </EmptyState>
    )
  return (
    <EmptyState icon="cube" title="No model yet">
      A developer registers a model through the API or the command line, then its versions with their digests and
      evaluations; or an admin imports those of an MLflow server. They appear here.
    </EmptyState>
  )
}
