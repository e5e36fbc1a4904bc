import type { Metadata } from 'next'
import Link from 'next/link'
import { cache } from 'react'
import { readEndpoint } from '#lib/endpoints/reads.ts'
import { listServing } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireSession } from '../../../_server/session.ts'
import { paths } from '../../../paths.ts'
import { Freshness } from '../../../_ui/freshness.tsx'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EnvironmentMark } from '../../../_ui/shell/workspace-switcher.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { EndpointStatus } from '../endpoint-table.tsx'
import { Deploy } from './deploy.tsx'
import { History } from './history.tsx'
import { IntendedAndObserved } from './intended-observed.tsx'
import { Servers } from './servers.tsx'

type Props = { params: Promise<{ id: string }> }

// The reconciler looks at a settled endpoint every few seconds; three missed turns are late.
const lateAfterMs = 60_000

const endpointOnce = cache((ctx: Ctx, id: string) => pageRead(readEndpoint(ctx, id)))

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { ctx } = await requireSession()
  return { title: (await endpointOnce(ctx, (await params).id)).value?.name ?? 'Endpoint' }
}

export default async function EndpointPage({ params }: Props) {
  const { ctx, workspace } = await requireSession()
  const read = await endpointOnce(ctx, (await params).id)
  if (read.refusal) return <NoPermission {...read.refusal} />
  const endpoint = read.value
  const nowMs = ctx.clock.now().getTime()
  const noModels = await refusalOf(ctx, 'model:read')
  const history = noModels ? [] : await listServing(ctx, { endpointId: endpoint.id, history: true })
  const observedAtMs = endpoint.observedAt?.getTime() ?? null
  const freshness = <Freshness asOfMs={observedAtMs} nowMs={nowMs} lateAfterMs={lateAfterMs} source="the data plane" />
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.endpoints(), label: 'Endpoints' }]}
        title={endpoint.name}
        status={<EndpointStatus endpoint={endpoint} chip />}
        because={endpoint.because}
        actions={<Deploy ctx={ctx} workspace={workspace.name} endpoint={endpoint} />}
      />
      <IntendedAndObserved endpoint={endpoint} freshness={freshness} nowMs={nowMs} />
      <Columns kind="main-side">
        <div>
          <Servers endpoint={endpoint} nowMs={nowMs} freshness={freshness} />
          <History serving={history} modelId={endpoint.modelId} nowMs={nowMs} />
        </div>
        <Panel title="Endpoint" padded>
          <KeyValue
            items={[
              {
                label: 'Model',
                value: (
                  <Link className="text-link" href={paths.model(endpoint.modelId)} prefetch={false}>
                    {endpoint.modelName}
                  </Link>
                ),
              },
              {
                label: 'Environment',
                value: (
                  <EnvironmentMark label={endpoint.environment.name} production={endpoint.environment.protected} />
                ),
              },
              { label: 'Cluster', value: endpoint.cluster },
              { label: 'Rollout policy', value: endpoint.rolloutPolicy },
              { label: 'Created', value: <Ago atMs={endpoint.createdAt.getTime()} nowMs={nowMs} /> },
              { label: 'Id', value: <code>{endpoint.id}</code> },
            ]}
          />
        </Panel>
      </Columns>
    </>
  )
}
