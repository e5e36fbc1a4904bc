import type { Metadata } from 'next'
import { readEndpoint } from '#lib/endpoints/reads.ts'
import { readQualitySeries } from '#lib/quality/reads.ts'
import { pageRead } from '../../../_server/page-read.ts'
import { requireCtx } from '../../../_server/session.ts'
import { nameOfVersion, versionNames } from '../../../_server/version-names.ts'
import { TimeSeries } from '../../../_ui/chart/time-series.tsx'
import { formatDay } from '../../../_ui/format.ts'
import { PageHead } from '../../../_ui/page-head.tsx'
import { Columns, Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { NoPermission } from '../../../_ui/states/no-permission.tsx'
import { paths } from '../../../paths.ts'
import { EndpointPanel } from '../_ui/endpoint-panel.tsx'
import { loadQuality } from '../_ui/load.ts'
import { dailyCharts } from '../_ui/series.ts'

export const metadata: Metadata = { title: 'Quality' }

export default async function EndpointQualityPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const ctx = await requireCtx()
  const read = await pageRead(readEndpoint(ctx, id))
  if (read.refusal) return <NoPermission {...read.refusal} />
  const endpoint = read.value
  const series = await pageRead(
    Promise.all([
      loadQuality(ctx, endpoint),
      readQualitySeries(ctx, { endpointId: id }),
      versionNames(endpoint.modelId),
    ]),
  )
  if (series.refusal) return <NoPermission {...series.refusal} />
  const [quality, points, names] = series.value
  const charts = dailyCharts(points, (versionId) => nameOfVersion(names, versionId))
  const last = points.at(-1)
  return (
    <>
      <PageHead
        title={`Quality of ${endpoint.name}`}
        crumbs={[
          { href: paths.quality(), label: 'Quality' },
          { href: paths.endpoint(endpoint.id), label: endpoint.name },
        ]}
        because="Measured on delayed labels, in the day of the prediction (event time)."
      />
      <EndpointPanel endpoint={endpoint} quality={quality} />
      <Panel
        live
        title="By day of the prediction"
        aside={
          last ? `newest labelled day ${formatDay(last.windowAt.getTime())} ${last.windowAt.getUTCFullYear()}` : ''
        }
      >
        {charts.length === 0 ? (
          <EmptyState icon="target" title="No labels yet">
            A point appears for each day of which at least one prediction was labelled.
          </EmptyState>
        ) : (
          <Columns kind="charts">
            {charts.map((chart) => (
              <TimeSeries key={chart.id} chart={chart} />
            ))}
          </Columns>
        )}
      </Panel>
    </>
  )
}
