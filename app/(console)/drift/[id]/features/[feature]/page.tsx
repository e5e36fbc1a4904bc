import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import {
  listFindings,
  readMonitor,
  readPsiSeries,
  readWindowBins,
  type FindingView,
  type MonitorView,
} from '#lib/drift/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { found } from '../../../../../_server/found.ts'
import { pageRead } from '../../../../../_server/page-read.ts'
import { requireCtx } from '../../../../../_server/session.ts'
import { BinBars } from '../../../../../_ui/bin-bars.tsx'
import { TimeSeries } from '../../../../../_ui/chart/time-series.tsx'
import { Drill } from '../../../../../_ui/drill.tsx'
import { formatCount, formatNumber } from '../../../../../_ui/format.ts'
import { KeyValue, Unknown } from '../../../../../_ui/key-value.tsx'
import { PageHead } from '../../../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../../../_ui/panel.tsx'
import { EmptyState } from '../../../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../../../_ui/states/no-permission.tsx'
import { Status } from '../../../../../_ui/status.tsx'
import { paths } from '../../../../../paths.ts'
import { shownBins } from '../../../_ui/bins.ts'
import { Causes } from '../../../_ui/causes.tsx'
import { FindingList } from '../../../_ui/findings.tsx'
import { thresholdsOf, type Feature } from '../../../_ui/order.ts'
import { psiChart, shownSpan, sinceFirst } from '../../../_ui/psi-series.ts'
import { eventDay, eventSpan, pValue, verdictWords } from '../../../_ui/words.ts'
import s from '../../../_ui/drift.module.css'

export const metadata: Metadata = { title: 'Drift of a feature' }

const windowsShown = 180
const findingsAsked = 200

type Params = { params: Promise<{ id: string; feature: string }> }

export default async function FeaturePage({ params }: Params) {
  const { id, feature: encoded } = await params
  const name = decodeURIComponent(encoded)
  const ctx = await requireCtx()
  const read = await pageRead(readMonitor(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const monitor = read.value
  const feature = monitor.features.find((each) => each.feature === name)
  if (!feature && monitor.features.length > 0) notFound()
  const { items } = await listFindings(ctx, { monitorId: id, limit: findingsAsked })
  const findings = items.filter((finding) => finding.feature === name)
  const standing = findings.find(({ state }) => state !== 'resolved')
  const words = feature ? verdictWords[feature.verdict] : verdictWords['no-data']
  return (
    <>
      <PageHead
        title={name}
        crumbs={[
          { href: paths.drift(), label: 'Drift' },
          { href: paths.driftMonitor(id), label: `${monitor.endpointName} ${monitor.name}` },
        ]}
        status={
          <>
            <Status of={words.of} chip>
              {words.word}
            </Status>
            {standing?.drill && <Drill label={standing.drill} chip />}
          </>
        }
        because={feature ? `${feature.because.join('; ')}. It stays so ${feature.unless}.` : 'Not evaluated yet.'}
      />
      <Columns kind="main-side">
        <Bins ctx={ctx} monitor={monitor} name={name} feature={feature} />
        <div>
          <Figures feature={feature} />
          <Causes {...causesOf(feature, findings)} />
        </div>
      </Columns>
      <History ctx={ctx} monitor={monitor} name={name} />
      <Panel title="Findings of this feature">
        {findings.length === 0 ? (
          <EmptyState icon="wave" title="No findings so far">
            One opens when the effect is large enough, certain enough, and lasts.
          </EmptyState>
        ) : (
          <FindingList findings={findings} ctx={ctx} nowMs={ctx.clock.now().getTime()} linked={false} />
        )}
      </Panel>
    </>
  )
}

/** Of what drifts now, or else of the newest finding that had one, with when that was. */
function causesOf(feature: Feature | undefined, findings: readonly FindingView[]) {
  const now = feature?.figures?.attribution.causes ?? []
  if (now.length > 0) return { causes: now, of: 'a hint' }
  const finding = findings.find(({ attribution }) => attribution.causes.length > 0)
  if (!finding) return { causes: [], of: 'a hint' }
  return { causes: finding.attribution.causes, of: `a hint, of the finding since ${eventDay(finding.since)}` }
}

type Part = { ctx: Ctx; monitor: MonitorView; name: string }

async function Bins({ ctx, monitor, name, feature }: Part & { feature: Feature | undefined }) {
  const figures = feature?.figures ?? null
  const span = figures
    ? { from: new Date(figures.startMs), to: new Date(figures.endMs) }
    : shownSpan(monitor, monitor.policy.poolLimitWindows)
  if (span === null) {
    return (
      <Panel title="Reference and current rows">
        <EmptyState icon="wave" title="No rows yet">
          The distribution is drawn when rows with this feature have come.
        </EmptyState>
      </Panel>
    )
  }
  const bins = await found(readWindowBins(ctx, { monitorId: monitor.id, feature: name, ...span }))
  const when = eventSpan(span.from.getTime(), span.to.getTime())
  return (
    <Panel live title="Reference and current rows" aside={`current: ${when}`}>
      <div className={s.bins}>
        <BinBars title="Share of rows" bins={shownBins(bins)} statistic="PSI" currentLabel="current" />
      </div>
    </Panel>
  )
}

async function History({ ctx, monitor, name }: Part) {
  const span = shownSpan(monitor, windowsShown)
  if (span === null) return null
  const series = [
    { feature: name, points: await found(readPsiSeries(ctx, { monitorId: monitor.id, feature: name, ...span })) },
  ]
  return (
    <Panel live title="History" aside="PSI of each window by itself; verdicts pool windows until they have enough rows">
      <TimeSeries
        chart={psiChart({
          id: `psi-${name}`,
          title: 'PSI',
          series,
          ...sinceFirst(span, series),
          windowSeconds: monitor.windowSeconds,
          thresholds: thresholdsOf(monitor.policy, name),
        })}
      />
    </Panel>
  )
}

function Figures({ feature }: { feature: Feature | undefined }) {
  const figures = feature?.figures ?? null
  if (figures === null) {
    return (
      <Panel title="Figures" padded>
        <Unknown because={feature?.because[0] ?? 'not evaluated yet'} />
      </Panel>
    )
  }
  const { minimumDetectable } = figures
  return (
    <Panel live title="Figures" padded>
      <KeyValue
        items={[
          { label: 'PSI tested', value: formatNumber(figures.effect, '', 4) },
          { label: 'Chance alone', value: formatNumber(figures.bias, '', 4) },
          { label: 'PSI, all bins', value: formatNumber(figures.psi, '', 4) },
          { label: 'Adjusted p', value: pValue(figures.adjustedP) },
          {
            label: 'Rows',
            value: `${formatCount(figures.rows)} in ${figures.windows} ${figures.windows === 1 ? 'window' : 'windows'}`,
          },
          { label: 'Reference', value: `${formatCount(figures.referenceRows)} rows` },
          {
            label: 'Detectable',
            value:
              minimumDetectable === null ? (
                <Unknown because="too few rows" />
              ) : (
                `PSI ${formatNumber(minimumDetectable, '', 4)}`
              ),
          },
        ]}
      />
    </Panel>
  )
}
