import type { Metadata } from 'next'
import { cache } from 'react'
import { listApprovals } from '#lib/approvals/reads.ts'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { listVersions, readModel } from '#lib/models/reads.ts'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { VersionView } from '#lib/models/model.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Page } from '#lib/platform/page.ts'
import { environmentsFor, refusalOf } from '../../../_server/may.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { cursorOf, pagerLinks, readQuery, type SearchParams } from '../../../_server/query.ts'
import { requireSession } from '../../../_server/session.ts'
import { paths } from '../../../paths.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status } from '../../../_ui/status.tsx'
import { Pager } from '../../../_ui/table/pager.tsx'
import { EndpointTable } from '../../endpoints/endpoint-table.tsx'
import { byHealth } from '../../endpoints/words.ts'
import { lineOf } from '../status.ts'
import { RequestApproval } from '../request-approval.tsx'
import { ModelFacts } from './model-facts.tsx'
import { VersionTable } from './version-table.tsx'

const modelOnce = cache((ctx: Ctx, id: string) => pageRead(readModel(ctx, id)))

type Props = { params: Promise<{ modelId: string }>; searchParams: SearchParams }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { ctx } = await requireSession()
  const read = await modelOnce(ctx, (await params).modelId)
  return { title: read.value?.name ?? 'Model' }
}

export default async function ModelPage({ params, searchParams }: Props) {
  const { ctx, workspace } = await requireSession()
  const read = await modelOnce(ctx, (await params).modelId)
  if (read.refusal) return <NoPermission {...read.refusal} />
  const model = read.value
  const query = await readQuery(searchParams)
  const cursor = cursorOf(query.cursor)
  const [versions, known, environments] = await Promise.all([
    listVersions(ctx, model.id, { limit: 50, cursor }),
    readKnown(ctx, model.id),
    environmentsFor(ctx),
  ])
  const nowMs = ctx.clock.now().getTime()
  const { state } = lineOf(model, { newest: [], serving: model.serving, ...known })
  const newest = versions.items[0]
  const target = environments.find((e) => e.protected) ?? environments[0]
  return (
    <>
      <PageHead
        crumbs={[{ href: paths.models(), label: 'Models' }]}
        title={model.name}
        status={
          <Status of={state} chip>
            {state === 'draft' ? 'Not serving' : undefined}
          </Status>
        }
        because={model.description || model.title}
        actions={
          newest &&
          target &&
          cursor === undefined && (
            <RequestApproval
              ctx={ctx}
              workspace={workspace.name}
              model={model}
              version={newest}
              environment={target}
              serving={model.serving.find((s) => s.environmentId === target.id)}
              kind="primary"
            />
          )
        }
      />
      <Panel title="Where it serves" live>
        <EndpointTable
          endpoints={known.endpoints.toSorted(byHealth)}
          nowMs={nowMs}
          empty={
            <EmptyState icon="server" title="It serves nowhere">
              An operator or admin creates an endpoint for it; then a version can be deployed there.
            </EmptyState>
          }
        />
      </Panel>
      <Versions
        model={model}
        page={versions}
        approvals={known.approvals}
        nowMs={nowMs}
        at={{ cursor, trail: query.trail }}
      />
    </>
  )
}

type VersionsProps = {
  model: Awaited<ReturnType<typeof readModel>>
  page: Page<VersionView>
  approvals: readonly ApprovalView[]
  nowMs: number
  at: { cursor: string | undefined; trail: string | undefined }
}

function Versions({ model, page, approvals, nowMs, at }: VersionsProps) {
  return (
    <Columns kind="main-side">
      <Panel title="Versions">
        <VersionTable
          versions={page.items}
          model={model}
          approvals={approvals}
          nowMs={nowMs}
          empty={
            <EmptyState icon="cube" title="No version yet">
              A developer registers versions with their digest, lineage and evaluation, through the API or the command
              line.
            </EmptyState>
          }
        />
        {(page.nextCursor !== null || at.cursor !== undefined) && (
          <Pager
            {...pagerLinks(paths.model(model.id), {}, { ...at, nextCursor: page.nextCursor })}
            shown={`${page.items.length} versions`}
          />
        )}
      </Panel>
      <ModelFacts model={model} newest={page.items[0]} versions={page.items} nowMs={nowMs} />
    </Columns>
  )
}

async function readKnown(ctx: Ctx, modelId: string) {
  const [noApprovals, noEndpoints] = await Promise.all([
    refusalOf(ctx, 'approval:read'),
    refusalOf(ctx, 'endpoint:read'),
  ])
  const [endpoints, approvals] = await Promise.all([
    noEndpoints ? [] : listEndpoints(ctx, { limit: 200, modelId }).then((page) => page.items),
    noApprovals ? [] : listApprovals(ctx, { limit: 200 }).then((page) => page.items),
  ])
  return { endpoints, approvals: approvals.filter((a) => a.subject.model.id === modelId) }
}
