import type { Metadata } from 'next'
import type { EndpointCostView, WorkspaceCostView } from '#lib/costs/model.ts'
import { readEndpointCost, readWorkspaceCost } from '#lib/costs/reads.ts'
import type { EndpointView } from '#lib/endpoints/model.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { pageRead } from '../../_server/page-read.ts'
import { oneOf, readQuery, type SearchParams } from '../../_server/query.ts'
import { requireCtx } from '../../_server/session.ts'
import { nameOfVersion, versionNames } from '../../_server/version-names.ts'
import { formatCount } from '../../_ui/format.ts'
import { Hash } from '../../_ui/hash.tsx'
import { KeyValue } from '../../_ui/key-value.tsx'
import { PageHead } from '../../_ui/page-head.tsx'
import { Panel, Toolbar } from '../../_ui/panel.tsx'
import { EmptyState } from '../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../_ui/states/no-permission.tsx'
import { FilterTabs } from '../../_ui/table/filter-tabs.tsx'
import { paths, withQuery } from '../../paths.ts'
import { Amount, MeterCosts, UnitCost, UnpricedUsage, VersionCosts } from './_ui/tables.tsx'

export const metadata: Metadata = { title: 'Costs' }

const spans = [
  { id: '1h', label: 'Last hour', ms: 3_600_000 },
  { id: '24h', label: '24 hours', ms: 86_400_000 },
  { id: '7d', label: '7 days', ms: 7 * 86_400_000 },
  { id: '30d', label: '30 days', ms: 30 * 86_400_000 },
] as const
const endpointsShown = 20

export default async function CostsPage({ searchParams }: { searchParams: SearchParams }) {
  const ctx = await requireCtx()
  const query = await readQuery(searchParams)
  const id = oneOf(
    query['span'],
    spans.map((span) => span.id),
    '24h',
  )
  const to = ctx.clock.now()
  const range = { from: new Date(to.getTime() - (spans.find((span) => span.id === id)?.ms ?? 0)), to }
  const read = await pageRead(Promise.all([readWorkspaceCost(ctx, range), loadEndpoints(ctx, range)]))
  return (
    <>
      <PageHead
        title="Costs"
        because="What was used, times the price that held at the time. What has no price is unknown, never nothing."
      />
      <Toolbar>
        <FilterTabs
          label="Time"
          tabs={spans.map((span) => ({
            id: span.id,
            label: span.label,
            href: withQuery(paths.costs(), { span: span.id === '24h' ? '' : span.id }),
            current: span.id === id,
          }))}
        />
      </Toolbar>
      {read.refusal ? (
        <NoPermission {...read.refusal} part />
      ) : (
        <Costs total={read.value[0]} endpoints={read.value[1]} />
      )}
    </>
  )
}

type EndpointCost = { endpoint: EndpointView; cost: EndpointCostView; names: ReadonlyMap<string, string> }

async function loadEndpoints(ctx: Ctx, range: { from: Date; to: Date }): Promise<EndpointCost[]> {
  const { items } = await listEndpoints(ctx, { limit: endpointsShown })
  return Promise.all(
    items.map(async (endpoint) => {
      const [cost, names] = await Promise.all([
        readEndpointCost(ctx, { endpointId: endpoint.id, ...range }),
        versionNames(endpoint.modelId),
      ])
      return { endpoint, cost, names }
    }),
  )
}

function Costs({ total, endpoints }: { total: WorkspaceCostView; endpoints: readonly EndpointCost[] }) {
  const all = new Map(endpoints.flatMap(({ names }) => [...names]))
  const names = (versionId: string) => nameOfVersion(all, versionId)
  return (
    <>
      {total.unpriced.length > 0 && (
        <Panel title="Unknown costs" aside={`${total.unpriced.length} kinds of usage`}>
          <UnpricedUsage
            rows={total.unpriced}
            names={names}
            endpoints={new Map(endpoints.map(({ endpoint }) => [endpoint.id, endpoint.name]))}
          />
        </Panel>
      )}
      <Panel title="Workspace" padded>
        <KeyValue
          columns={2}
          items={[
            { label: 'Cost', value: <Amount share={total} currency={total.currency} /> },
            { label: 'Requests', value: formatCount(total.requests) },
            { label: 'Per 1,000 requests', value: <UnitCost share={total} currency={total.currency} /> },
            {
              label: 'Prices',
              value: (
                <>
                  {total.prices.name} <Hash digest={total.prices.digest} />
                </>
              ),
            },
          ]}
        />
      </Panel>
      {endpoints.map(({ endpoint, cost }) => (
        <Panel key={endpoint.id} title={endpoint.name} aside={`${endpoint.modelName} in ${endpoint.environment.name}`}>
          <VersionCosts rows={cost.versions} names={names} currency={cost.currency} />
          {cost.lines.length > 0 && <MeterCosts rows={cost.lines} names={names} currency={cost.currency} />}
        </Panel>
      ))}
      {endpoints.length === 0 && (
        <EmptyState icon="coin" title="No endpoints yet">
          Costs are of what endpoints use. Create one and deploy a version to it.
        </EmptyState>
      )}
    </>
  )
}
