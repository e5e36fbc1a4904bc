import type { Metadata } from 'next'
import { stringify } from 'yaml'
import { listObservations, readRollout, readRolloutSeries } from '#lib/rollouts/reads.ts'
import { readRolloutHistory } from '#lib/rollouts/reads-history.ts'
import type { RolloutDetail } from '#lib/rollouts/views.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { usesOfGlass } from '../../../_server/glass.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireSession } from '../../../_server/session.ts'
import { TimeSeries } from '../../../_ui/chart/time-series.tsx'
import { Freshness } from '../../../_ui/freshness.tsx'
import { Hash } from '../../../_ui/hash.tsx'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { EvidencePackLink } from '../../../_ui/evidence-pack-link.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status } from '../../../_ui/status.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths } from '../../../paths.ts'
import { GlassBadge } from '../../approvals/glass.tsx'
import { askWhatIf } from './actions.ts'
import { differenceCharts, sideCharts, type ChartsInput } from './_ui/charts.ts'
import { ChecksPanel } from './_ui/checks-panel.tsx'
import { policySource } from './_ui/policy-source.ts'
import { ChainPanel, StepsPanel } from './_ui/progress-panels.tsx'
import { gridOver, type Look } from './_ui/series.ts'
import { Steer } from './_ui/steer.tsx'
import { HistoryPanel, LooksPanel, PlanPanel } from './_ui/story-panels.tsx'
import { WhatIf } from './_ui/what-if.tsx'
import { stateWords } from './_ui/words.ts'
import type { Observed } from './_ui/observed.ts'
import s from './rollout.module.css'

export const metadata: Metadata = { title: 'Rollout' }

const looksMax = 500
const looksShown = 20
/** Facts come in slices of ten seconds and are sent every few. */
const lateAfterMs = 60_000

export default async function RolloutPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const session = await requireSession()
  const { ctx } = session
  const read = await pageRead(readRollout(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const rollout = read.value
  const [series, looks, history] = await Promise.all([
    readRolloutSeries(ctx, id),
    listObservations(ctx, id, { limit: looksMax }),
    readRolloutHistory(ctx, id),
  ])
  const nowMs = ctx.clock.now().getTime()
  const charts: ChartsInput = {
    grid: gridOver(series.from.getTime(), series.to.getTime(), series.stepSeconds * 1000),
    points: series.requests,
    looks: looks.items.toReversed().map(lookOf),
    from: rollout.from,
    to: rollout.to,
    chain: rollout.chain,
  }
  const judged = looks.items.find(({ decision }) => decision.metrics.length > 0) ?? null
  const asOfMs = series.requests.at(-1)?.at.getTime() ?? null
  return (
    <>
      <PageHead
        title={<Title rollout={rollout} />}
        crumbs={[
          { href: paths.rollouts(), label: 'Rollouts' },
          { href: paths.endpoint(rollout.endpoint.id), label: rollout.endpoint.name },
        ]}
        status={<State ctx={ctx} rollout={rollout} />}
        actions={
          <>
            <EvidencePackLink id={rollout.id} />
            <Steer rollout={rollout} session={session} nowMs={nowMs} />
          </>
        }
        because={rollout.because}
      />
      <StepsPanel rollout={rollout} nowMs={nowMs} />
      {rollout.chain.rollback && <ChainPanel chain={rollout.chain.rollback} kind="rollback" />}
      {rollout.chain.promotion && <ChainPanel chain={rollout.chain.promotion} kind="promotion" />}
      <ChartsPanel charts={charts} asOfMs={asOfMs} nowMs={nowMs} ended={rollout.endedAt !== null} />
      <Columns kind="main-side">
        <div>
          <ChecksPanel rollout={rollout} judged={judged} nowMs={nowMs} />
          {rollout.plan && <PlanPanel plan={rollout.plan} names={namesOf(rollout)} ended={rollout.endedAt !== null} />}
          <LooksPanel looks={looks.items.slice(0, looksShown)} nowMs={nowMs} />
          <Panel label="What if">
            <details className={s.fold}>
              <summary>What if another policy had decided?</summary>
              <WhatIf rolloutId={id} source={stringify(policySource(rollout.policy))} ask={askWhatIf} />
            </details>
          </Panel>
        </div>
        <div>
          <Facts rollout={rollout} nowMs={nowMs} />
          <HistoryPanel entries={history} names={namesOf(rollout)} nowMs={nowMs} />
        </div>
      </Columns>
    </>
  )
}

/** The one state of it, and whether it goes on under break-glass. */
async function State({ ctx, rollout }: { ctx: Ctx; rollout: RolloutDetail }) {
  const { model, to, environment } = rollout
  const glasses = await usesOfGlass(ctx, { versionId: to.versionId, environmentId: environment.id })
  const { of, word } = stateWords(rollout)
  return (
    <>
      <Status of={of} chip>
        {word}
      </Status>
      <GlassBadge glasses={glasses} href={`${paths.modelVersion(model.id, to.versionId)}#break-glass`} />
    </>
  )
}

function Title({ rollout: r }: { rollout: RolloutDetail }) {
  return (
    <>
      {r.model.name}{' '}
      <span className={s.versions}>
        {r.from.version} → {r.to.version}
      </span>
    </>
  )
}

type ChartsPanelProps = { charts: ChartsInput; asOfMs: number | null; nowMs: number; ended: boolean }

function ChartsPanel({ charts, asOfMs, nowMs, ended }: ChartsPanelProps) {
  const differences = differenceCharts(charts)
  return (
    <>
      <Panel
        live
        title="Candidate against stable, over the same time"
        aside={
          <Freshness asOfMs={asOfMs} nowMs={nowMs} lateAfterMs={ended ? Infinity : lateAfterMs} source="telemetry" />
        }
      >
        <Columns kind="charts">
          {sideCharts(charts).map((chart) => (
            <TimeSeries key={chart.id} chart={chart} />
          ))}
        </Columns>
      </Panel>
      <Panel live title="What is judged: the whole interval against the margin">
        {differences.length === 0 ? (
          <EmptyState icon="target" title="Nothing was judged yet">
            An interval appears here for each metric with the first look that finds samples on both sides.
          </EmptyState>
        ) : (
          <Columns kind="charts">
            {differences.map((chart) => (
              <TimeSeries key={chart.id} chart={chart} />
            ))}
          </Columns>
        )}
      </Panel>
    </>
  )
}

function Facts({ rollout: r, nowMs }: { rollout: RolloutDetail; nowMs: number }) {
  return (
    <Panel title="Facts" padded>
      <KeyValue
        items={[
          {
            label: 'Environment',
            value: r.environment.protected ? `${r.environment.name}, protected` : r.environment.name,
          },
          { label: 'Asked by', value: r.requestedBy.name },
          { label: 'Began', value: <Ago atMs={r.createdAt.getTime()} nowMs={nowMs} /> },
          { label: 'Ended', value: r.endedAt ? <Ago atMs={r.endedAt.getTime()} nowMs={nowMs} /> : 'not yet' },
          {
            label: 'Stable',
            value: (
              <>
                {r.from.version} <Hash digest={r.from.digest} />
              </>
            ),
          },
          {
            label: 'Candidate',
            value: (
              <>
                {r.to.version} <Hash digest={r.to.digest} />
              </>
            ),
          },
          {
            label: 'Approval',
            value: r.approvalId ? (
              <a className="text-link" href={paths.approval(r.approvalId)}>
                the approval it runs under
              </a>
            ) : (
              'none is asked for here'
            ),
          },
        ]}
      />
    </Panel>
  )
}

function lookOf(row: Observed): Look {
  const { traffic } = row.observation.observation
  return {
    atMs: row.at.getTime(),
    metrics: row.decision.metrics,
    intendedPercent: traffic.intendedCandidatePercent,
    observedPercent: traffic.reading.kind === 'observed' ? traffic.reading.candidatePercent : null,
  }
}

/** Plans speak of version ids; people know version names. */
function namesOf({ from, to }: RolloutDetail): (text: string) => string {
  return (text) => text.replaceAll(from.versionId, from.version).replaceAll(to.versionId, to.version)
}
