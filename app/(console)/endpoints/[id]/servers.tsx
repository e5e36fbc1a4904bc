import type { ReactNode } from 'react'
import type { EndpointView } from '#lib/endpoints/model.ts'
import type { ServerObservation, ServerState } from '#lib/platform/ports/cluster.ts'
import { Hash } from '../../../_ui/hash.tsx'
import { Unknown } from '../../../_ui/key-value.tsx'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status, type StatusOf } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { TickingAgo } from '../../../_ui/ticking-ago.tsx'
import { versionName } from '../words.ts'

type Props = { endpoint: EndpointView; nowMs: number; freshness: ReactNode }

const serverWords: Record<ServerState, { of: StatusOf; words: string }> = {
  starting: { of: 'running', words: 'Starting' },
  ready: { of: 'healthy', words: 'Ready' },
  unready: { of: 'degraded', words: 'Not ready' },
  crashed: { of: 'down', words: 'Crashed' },
  stopped: { of: 'closed', words: 'Stopped' },
}

/** The servers that run for an endpoint, as the cluster reports them. */
export function Servers({ endpoint, nowMs, freshness }: Props) {
  return (
    <Panel title="Servers" aside={freshness} live>
      <DataTable
        caption="Servers"
        columns={columnsOf(endpoint, nowMs)}
        rows={endpoint.observed?.servers ?? []}
        rowKey={(server) => server.versionId}
        empty={
          <EmptyState icon="server" title="No server was observed">
            {endpoint.observed?.missing ?? 'One starts when a version is deployed here.'}
          </EmptyState>
        }
      />
    </Panel>
  )
}

function columnsOf(endpoint: EndpointView, nowMs: number): Column<ServerObservation>[] {
  return [
    {
      id: 'version',
      label: 'Version',
      rowHeader: true,
      widthPercent: 16,
      cell: (server) => versionName(server.versionId, endpoint),
    },
    {
      id: 'state',
      label: 'State',
      widthPercent: 16,
      cell: ({ state }) => <Status of={serverWords[state].of}>{serverWords[state].words}</Status>,
    },
    {
      id: 'digest',
      label: 'Runs the artefact',
      widthPercent: 28,
      wideOnly: true,
      cell: ({ artifactDigest }) =>
        artifactDigest === null ? <Unknown because="nothing runs" /> : <Hash digest={artifactDigest} />,
    },
    { id: 'url', label: 'Address', wideOnly: true, cell: ({ url }) => url ?? 'none' },
    { id: 'restarts', label: 'Restarts', numeric: true, widthPercent: 10, cell: ({ restarts }) => String(restarts) },
    {
      id: 'since',
      label: 'Since',
      numeric: true,
      widthPercent: 12,
      cell: ({ since }) => <TickingAgo atMs={since} nowMs={nowMs} />,
    },
  ]
}
