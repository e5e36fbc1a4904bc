import type { Metadata } from 'next'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireCtx } from '../../../_server/session.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { paths } from '../../../paths.ts'
import { EndpointPanel } from '../_ui/endpoint-panel.tsx'
import { loadQuality } from '../_ui/load.ts'

export const metadata: Metadata = { title: 'Quality' }

/** Each endpoint is a sum of its own. */
const endpointsShown = 10

export default async function QualityPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const cursor = cursorOf(query['cursor'])
  const read = await pageRead(listEndpoints(ctx, { limit: endpointsShown, cursor }))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const { items, nextCursor } = read.value
  const panels = await Promise.all(
    items.map(async (endpoint) => ({ endpoint, ...(await pageRead(loadQuality(ctx, endpoint))) })),
  )
  return (
    <>
      <PageHead
        title="Quality"
        because="Measured on delayed labels, for each version that answered; the small figures are 95 % intervals."
      />
      {panels.map(({ endpoint, refusal, value }) =>
        refusal ? (
          <NoPermission key={endpoint.id} {...refusal} part />
        ) : (
          <EndpointPanel key={endpoint.id} endpoint={endpoint} quality={value} />
        ),
      )}
      {items.length === 0 && (
        <EmptyState icon="target" title="No endpoints yet">
          Quality is measured at an endpoint that serves and is sent labels.
        </EmptyState>
      )}
      <Pager
        {...pagerLinks(paths.quality(), {}, { cursor, trail: query['trail'], nextCursor })}
        shown={`${items.length} endpoints`}
      />
    </>
  )
}
