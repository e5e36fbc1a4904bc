import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { listApprovals } from '#lib/approvals/reads.ts'
import type { ApprovalView } from '#lib/approvals/model.ts'
import type { EnvironmentView, ServingView, VersionView } from '#lib/models/model.ts'
import { readCard } from '#lib/models/reads-card.ts'
import { readModel, readVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { usesOfGlass } from '../../../../../_server/glass.ts'
import { environmentsFor, refusalOf } from '../../../../../_server/may.ts'
import { pageRead } from '../../../../../_server/page-read.ts'
import { requireSession } from '../../../../../_server/session.ts'
import { paths } from '../../../../../paths.ts'
import { formatBytes } from '../../../../../_ui/format.ts'
import { Hash } from '../../../../../_ui/hash.tsx'
import { KeyValue, Unknown } from '../../../../../_ui/key-value.tsx'
import { EvidencePackLink } from '../../../../../_ui/evidence-pack-link.tsx'
import { PageHead } from '../../../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../../../_ui/panel.tsx'
import { EmptyState } from '../../../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../../../_ui/states/no-permission.tsx'
import { Status } from '../../../../../_ui/status.tsx'
import { GlassBadge, GlassPanel } from '../../../../approvals/glass.tsx'
import { compareMetrics } from '../../../metrics.ts'
import { MetricTable } from '../../../metric-table.tsx'
import { RequestApproval } from '../../../request-approval.tsx'
import { lineageItems } from '../../../lineage.tsx'
import { CardPanel } from './card/card-panel.tsx'
import { EnvironmentTable } from './environment-table.tsx'

const versionOnce = cache((ctx: Ctx, id: string) => pageRead(readVersion(ctx, id)))

type Props = { params: Promise<{ modelId: string; versionId: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { ctx } = await requireSession()
  const read = await versionOnce(ctx, (await params).versionId)
  return { title: read.value ? `${read.value.modelName} ${read.value.version}` : 'Version' }
}

export default async function VersionPage({ params }: Props) {
  const { ctx, workspace } = await requireSession()
  const { modelId, versionId } = await params
  const [read, of] = await Promise.all([versionOnce(ctx, versionId), pageRead(readModel(ctx, modelId))])
  if (read.refusal) return <NoPermission {...read.refusal} />
  if (of.refusal) return <NoPermission {...of.refusal} />
  const [version, model] = [read.value, of.value]
  if (version.modelId !== model.id) notFound()
  const noApprovals = await refusalOf(ctx, 'approval:read')
  const [approvals, environments, card, glasses] = await Promise.all([
    noApprovals ? [] : listApprovals(ctx, { versionId, limit: 200 }).then((page) => page.items),
    environmentsFor(ctx),
    pageRead(readCard(ctx, { versionId })),
    usesOfGlass(ctx, { versionId }),
  ])
  const target = nextEnvironment(environments, approvals, model.serving, version)
  const other = model.serving.find((each) => each.versionId !== version.id)
  const serving = other ? (await pageRead(readVersion(ctx, other.versionId))).value : null
  return (
    <>
      <PageHead
        crumbs={[
          { href: paths.models(), label: 'Models' },
          { href: paths.model(model.id), label: model.name },
        ]}
        title={`${model.name} ${version.version}`}
        status={
          <>
            {stateOf(version, model.serving)}
            <GlassBadge glasses={glasses} href="#break-glass" />
          </>
        }
        actions={
          <>
            <EvidencePackLink id={version.id} />
            {target && (
              <RequestApproval
                ctx={ctx}
                workspace={workspace.name}
                model={model}
                version={version}
                environment={target}
                serving={model.serving.find((each) => each.environmentId === target.id)}
                kind="primary"
              />
            )}
          </>
        }
      />
      <GlassPanel ctx={ctx} workspace={workspace.name} glasses={glasses} />
      <Panel title="Environments">
        <EnvironmentTable
          environments={environments}
          approvals={approvals}
          serving={model.serving}
          version={version}
          nowMs={ctx.clock.now().getTime()}
        />
      </Panel>
      <Columns kind="main-side">
        <div>
          <Evaluation version={version} serving={serving} />
          {card.value && <CardPanel card={card.value} modelId={model.id} />}
        </div>
        <Facts version={version} />
      </Columns>
    </>
  )
}

function Evaluation({ version, serving }: { version: VersionView; serving: VersionView | null }) {
  const { dataset, rows, metrics } = version.evaluation
  const on = [dataset, rows === undefined ? '' : `${rows.toLocaleString('en-US')} rows`].filter(Boolean).join(', ')
  return (
    <Panel title="Evaluation" aside={on && `on ${on}`}>
      <MetricTable
        lines={compareMetrics(metrics, serving?.evaluation.metrics ?? null)}
        version={version.version}
        serving={serving?.version ?? null}
        empty={
          <EmptyState icon="target" title="No metric was submitted">
            Submit the evaluation with the version: it is what approvers decide on.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function Facts({ version }: { version: VersionView }) {
  const bytes = version.files.reduce((sum, file) => sum + file.size, 0)
  return (
    <div>
      <Panel title="Artefact" padded>
        <KeyValue
          items={[
            { label: 'Digest', value: <Hash digest={version.digest} length={16} /> },
            { label: 'Address', value: version.artifactUri },
            {
              label: 'Files',
              value:
                version.files.length === 0 ? (
                  <Unknown because="not listed with the version" />
                ) : (
                  `${version.files.length}, ${formatBytes(bytes)}`
                ),
            },
            { label: 'Id', value: <code>{version.id}</code> },
          ]}
        />
      </Panel>
      <Panel title="Lineage" padded>
        <KeyValue items={lineageItems(version)} />
      </Panel>
    </div>
  )
}

function stateOf(version: VersionView, serving: readonly ServingView[]) {
  const where = serving.filter((each) => each.versionId === version.id).map((each) => each.environment)
  if (where.length === 0) {
    return (
      <Status of="draft" chip>
        Not serving
      </Status>
    )
  }
  return (
    <Status of="serving" chip>
      Serving in {where.join(', ')}
    </Status>
  )
}

/** Where approval is asked for next: the first environment without a living request, protected ones first. */
function nextEnvironment(
  environments: readonly EnvironmentView[],
  approvals: readonly ApprovalView[],
  serving: readonly ServingView[],
  version: VersionView,
): EnvironmentView | undefined {
  const sorted = environments.toSorted((a, b) => Number(b.protected) - Number(a.protected))
  const living = approvals.filter((a) => a.state === 'open' || a.state === 'approved')
  const unasked = sorted.find(
    (e) =>
      !living.some((a) => a.subject.environment.id === e.id) &&
      !serving.some((each) => each.environmentId === e.id && each.versionId === version.id),
  )
  return unasked ?? sorted[0]
}
