import Link from 'next/link'
import type { ReactNode } from 'react'
import type { EndpointView } from '#lib/endpoints/model.ts'
import { paths } from '../../paths.ts'
import { Unknown } from '../../_ui/key-value.tsx'
import { EnvironmentMark } from '../../_ui/shell/workspace-switcher.tsx'
import { Mark, Status } from '../../_ui/status.tsx'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { TickingAgo } from '../../_ui/ticking-ago.tsx'
import { asIntended, endpointWords, weightsText } from './words.ts'

export type EndpointTableProps = { endpoints: readonly EndpointView[]; nowMs: number; empty: ReactNode }

/** Endpoints with what is intended beside what was read back. */
export function EndpointTable({ endpoints, nowMs, empty }: EndpointTableProps) {
  return (
    <DataTable
      caption="Endpoints by health"
      columns={columnsOf(nowMs)}
      rows={endpoints}
      rowKey={(e) => e.id}
      empty={empty}
    />
  )
}

function columnsOf(nowMs: number): Column<EndpointView>[] {
  return [
    { id: 'state', label: 'State', widthPercent: 12, cell: (e) => <EndpointStatus endpoint={e} /> },
    {
      id: 'name',
      label: 'Endpoint',
      rowHeader: true,
      widthPercent: 21,
      cell: (e) => (
        <Link href={paths.endpoint(e.id)} prefetch={false}>
          {e.name}
        </Link>
      ),
    },
    {
      id: 'environment',
      label: 'Environment',
      widthPercent: 12,
      cell: (e) => <EnvironmentMark label={e.environment.name} production={e.environment.protected} />,
    },
    { id: 'model', label: 'Model', widthPercent: 15, wideOnly: true, cell: (e) => e.modelName },
    {
      id: 'intended',
      label: 'Intended',
      widthPercent: 14,
      wideOnly: true,
      cell: (e) => weightsText(e.intended, e) || 'nothing',
    },
    { id: 'observed', label: 'Observed', widthPercent: 15, cell: (e) => <ObservedTraffic endpoint={e} /> },
    {
      id: 'age',
      label: 'Read back',
      numeric: true,
      wideOnly: true,
      cell: (e) => (e.observedAt ? <TickingAgo atMs={e.observedAt.getTime()} nowMs={nowMs} /> : 'never'),
    },
  ]
}

/** The state of an endpoint, in its words. */
export function EndpointStatus({ endpoint, chip = false }: { endpoint: Pick<EndpointView, 'state'>; chip?: boolean }) {
  const { of, words } = endpointWords[endpoint.state]
  return (
    <Status of={of} chip={chip}>
      {words}
    </Status>
  )
}

/** What was read back of the traffic, marked when it is not as intended. */
export function ObservedTraffic({ endpoint }: { endpoint: EndpointView }) {
  const traffic = endpoint.observed?.traffic
  if (!traffic) return <Unknown because={endpoint.observed?.missing ?? 'nothing was read back yet'} />
  const text = weightsText(traffic.weights, endpoint) || 'nothing'
  if (asIntended(endpoint) !== false) return text
  return (
    <Mark glyph="triangle" hue="warn">
      {text}
    </Mark>
  )
}
