import type { Metadata } from 'next'
import type { SloStatus, SloView } from '#lib/slos/model.ts'
import { readBurnDown, readSlo } from '#lib/slos/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireCtx } from '../../../_server/session.ts'
import { TimeSeries } from '../../../_ui/chart/time-series.tsx'
import { formatCount, formatDuration, formatNumber, formatPercent } from '../../../_ui/format.ts'
import { Freshness } from '../../../_ui/freshness.tsx'
import { Hash } from '../../../_ui/hash.tsx'
import { KeyValue, Unknown } from '../../../_ui/key-value.tsx'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { Status, type StatusOf } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { paths } from '../../../paths.ts'
import { burnDownCharts } from '../_ui/burn-down.ts'
import { budgetLeft, exhaustion, promise, sloStatus } from '../_ui/words.ts'

export const metadata: Metadata = { title: 'SLO' }

const lateAfterMs = 120_000

export default async function SloPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const ctx = await requireCtx()
  const read = await pageRead(readSlo(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const slo = read.value
  const charts = burnDownCharts(await readBurnDown(ctx, { sloId: id, steps: 120 }))
  const nowMs = ctx.clock.now().getTime()
  const { of, word } = sloStatus(slo)
  return (
    <>
      <PageHead
        title={`${slo.endpoint.name} ${slo.name}`}
        crumbs={[
          { href: paths.slos(), label: 'SLOs' },
          { href: paths.endpoint(slo.endpoint.id), label: slo.endpoint.name },
        ]}
        status={
          <Status of={of} chip>
            {word}
          </Status>
        }
        because={
          <>
            {slo.because} {slo.status?.unless}
          </>
        }
      />
      <Columns>
        <BudgetPanel slo={slo} nowMs={nowMs} />
        <ObjectivePanel slo={slo} />
      </Columns>
      <Panel live title="Burn-down over the objective's window">
        {charts.length === 0 ? (
          <EmptyState icon="gauge" title="No points yet">
            The window has no whole slice of ten seconds yet.
          </EmptyState>
        ) : (
          <Columns kind="charts">
            {charts.map((chart) => (
              <TimeSeries key={chart.id} chart={chart} heightPx={220} />
            ))}
          </Columns>
        )}
      </Panel>
      <Panel live title="Burn rates: how many times as fast as allowed">
        <DataTable
          caption="Burn rates of the alerts"
          columns={alertColumns}
          rows={slo.status?.alerts ?? []}
          rowKey={(alert) => `${alert.severity} ${alert.longSeconds}`}
          empty={
            <EmptyState icon="gauge" title="Not evaluated yet">
              The worker evaluates it within its policy&apos;s interval.
            </EmptyState>
          }
        />
      </Panel>
    </>
  )
}

function ObjectivePanel({ slo }: { slo: SloView }) {
  return (
    <Panel title="Objective" padded>
      <KeyValue
        items={[
          { label: 'Promise', value: promise(slo) },
          { label: 'Model', value: `${slo.modelName} in ${slo.environment}` },
          {
            label: 'Policy',
            value: (
              <>
                {slo.policy.name} <Hash digest={slo.policy.digest} />
              </>
            ),
          },
        ]}
      />
    </Panel>
  )
}

function BudgetPanel({ slo, nowMs }: { slo: SloView; nowMs: number }) {
  const budget = slo.status?.budget ?? null
  const nothing = <Unknown because="no requests in its window" />
  const { words, known } = exhaustion(slo)
  const asOfMs = slo.status ? Date.parse(slo.status.evaluatedTo) : null
  return (
    <Panel
      live
      title="Error budget"
      aside={<Freshness asOfMs={asOfMs} nowMs={nowMs} lateAfterMs={lateAfterMs} source="telemetry" />}
      padded
    >
      <KeyValue
        items={[
          { label: 'Left', value: budget === null || budget.left === null ? nothing : budgetLeft(budget.left) },
          { label: 'Runs out', value: known ? words : nothing },
          {
            label: 'Good requests',
            value: budget === null || budget.sli === null ? nothing : formatPercent(budget.sli, budget.total),
          },
          {
            label: 'Counted',
            value: budget ? `${formatCount(budget.good)} good of ${formatCount(budget.total)} requests` : nothing,
          },
        ]}
      />
    </Panel>
  )
}

type AlertVerdict = SloStatus['alerts'][number]

const verdicts: Record<AlertVerdict['verdict'], { of: StatusOf; word: string }> = {
  firing: { of: 'alarm', word: 'Firing' },
  calm: { of: 'stable', word: 'Calm' },
  idle: { of: 'no-data', word: 'Burned, then silent' },
  few: { of: 'no-data', word: 'Too few requests' },
}

const alertColumns: Column<AlertVerdict>[] = [
  {
    id: 'alert',
    label: 'Alert',
    rowHeader: true,
    cell: (a) => `${a.severity}: ${formatDuration(a.longSeconds * 1000)} and ${formatDuration(a.shortSeconds * 1000)}`,
  },
  {
    id: 'verdict',
    label: 'State',
    widthPercent: 22,
    cell: (a) => (
      <span title={`long window ${rateWords(a.longRate)}, short window ${rateWords(a.shortRate)}`}>
        <Status of={verdicts[a.verdict].of}>{verdicts[a.verdict].word}</Status>
      </span>
    ),
  },
  { id: 'long', label: 'Long window', numeric: true, wideOnly: true, widthPercent: 18, cell: (a) => rate(a.longRate) },
  {
    id: 'short',
    label: 'Short window',
    numeric: true,
    wideOnly: true,
    widthPercent: 18,
    cell: (a) => rate(a.shortRate),
  },
  { id: 'factor', label: 'Fires above', numeric: true, wideOnly: true, widthPercent: 14, cell: (a) => rate(a.factor) },
]

function rate(value: number | null) {
  return value === null ? <Unknown because="no requests" /> : rateWords(value)
}

function rateWords(value: number | null): string {
  return value === null ? 'unknown, no requests' : formatNumber(value, '×', value < 10 ? 2 : 1)
}
