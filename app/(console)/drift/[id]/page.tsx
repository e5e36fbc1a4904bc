import type { Metadata } from 'next'
import { listFindings, readMonitor, readPsiSeries, type MonitorView } from '#lib/drift/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireCtx } from '../../../_server/session.ts'
import { TimeSeries } from '../../../_ui/chart/time-series.tsx'
import { formatDuration } from '../../../_ui/format.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { KeyValue } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { paths } from '../../../paths.ts'
import { FeatureTable } from '../_ui/feature-table.tsx'
import { FindingList } from '../_ui/findings.tsx'
import { ordered } from '../_ui/order.ts'
import { psiChart, shownSpan, sinceFirst, type PsiSeries } from '../_ui/psi-series.ts'
import { eventDay } from '../_ui/words.ts'

export const metadata: Metadata = { title: 'Drift monitor' }

const windowsShown = 120
/** As many as a chart has hues for. */
const featuresDrawn = 6
const findingsShown = 50

export default async function MonitorPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const ctx = await requireCtx()
  const read = await pageRead(readMonitor(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const monitor = read.value
  const { items: findings } = await listFindings(ctx, { monitorId: id, limit: findingsShown })
  const nowMs = ctx.clock.now().getTime()
  const span = shownSpan(monitor, windowsShown)
  const drawn = ordered(monitor).slice(0, featuresDrawn)
  const series = span
    ? await Promise.all(
        drawn.map(async ({ feature }) => ({
          feature,
          points: await readPsiSeries(ctx, { monitorId: id, feature, ...span }),
        })),
      )
    : []
  const standing = findings.filter(({ state }) => state !== 'resolved')
  return (
    <>
      <PageHead
        title={`${monitor.endpointName} ${monitor.name}`}
        crumbs={[
          { href: paths.drift(), label: 'Drift' },
          { href: paths.endpoint(monitor.endpointId), label: monitor.endpointName },
        ]}
        because={
          monitor.evaluatedUntil
            ? `Evaluated up to ${eventDay(monitor.evaluatedUntil.getTime() - 1)} of event time: ${standing.length === 0 ? 'nothing drifts' : `${standing.length} features drift`}.`
            : 'Not evaluated yet: event time has not passed the end of a first window.'
        }
      />
      <PsiPanel monitor={monitor} span={span} series={series} />
      <Panel live title="Features">
        <FeatureTable monitor={monitor} standing={standing} />
      </Panel>
      <Columns kind="main-side">
        <Panel title="Findings">
          {findings.length === 0 ? (
            <EmptyState icon="wave" title="No findings so far">
              A finding opens when {monitor.policy.persistence.k} of the last {monitor.policy.persistence.n} pools reach
              a threshold.
            </EmptyState>
          ) : (
            <FindingList findings={findings} ctx={ctx} nowMs={nowMs} />
          )}
        </Panel>
        <Facts monitor={monitor} />
      </Columns>
    </>
  )
}

type PsiPanelProps = { monitor: MonitorView; span: { from: Date; to: Date } | null; series: readonly PsiSeries[] }

function PsiPanel({ monitor, span, series }: PsiPanelProps) {
  return (
    <Panel live title="PSI of each window" aside="the features with the largest effect times certainty">
      {span && series.length > 0 ? (
        <TimeSeries
          heightPx={240}
          chart={psiChart({
            id: 'psi',
            title: 'PSI',
            series,
            ...sinceFirst(span, series),
            windowSeconds: monitor.windowSeconds,
            thresholds: monitor.policy.thresholds,
          })}
        />
      ) : (
        <EmptyState icon="wave" title="No windows yet">
          A point appears for each window of event time that has rows.
        </EmptyState>
      )}
    </Panel>
  )
}

function Facts({ monitor }: { monitor: MonitorView }) {
  const { policy } = monitor
  return (
    <Panel title="Facts" padded>
      <KeyValue
        items={[
          { label: 'Environment', value: monitor.environment },
          { label: 'Windows', value: `${formatDuration(monitor.windowSeconds * 1000)} of event time` },
          { label: 'Lateness', value: formatDuration(monitor.latenessSeconds * 1000) },
          { label: 'Thresholds', value: `PSI ${policy.thresholds.watch} watch, ${policy.thresholds.act} act` },
          { label: 'Certainty', value: `adjusted p below ${policy.alpha} (${policy.adjust})` },
          { label: 'Persistence', value: `${policy.persistence.k} of ${policy.persistence.n} pools` },
          { label: 'Enough rows', value: `${policy.minRows} in at most ${policy.poolLimitWindows} windows` },
          {
            label: 'Policy',
            value: (
              <>
                {monitor.policyName} <Hash digest={monitor.policyDigest} />
              </>
            ),
          },
          { label: 'Profile', value: <code>{monitor.profileId}</code> },
        ]}
      />
    </Panel>
  )
}
