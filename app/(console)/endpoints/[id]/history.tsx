import Link from 'next/link'
import type { ServingView } from '#lib/models/model.ts'
import { paths } from '../../../paths.ts'
import { formatDuration } from '../../../_ui/format.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { Ago } from '../../../_ui/time.tsx'

type Props = { serving: readonly ServingView[]; modelId: string; nowMs: number }

/** What has served here, newest first. */
export function History({ serving, modelId, nowMs }: Props) {
  return (
    <Panel title="What has served here">
      <DataTable
        caption="What has served here, newest first"
        columns={columnsOf(modelId, nowMs)}
        rows={serving}
        rowKey={(each) => `${each.versionId} ${each.since.toISOString()}`}
        empty={
          <EmptyState icon="clock" title="Nothing has served here yet">
            A version is recorded here once its traffic was read back.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function columnsOf(modelId: string, nowMs: number): Column<ServingView>[] {
  return [
    {
      id: 'version',
      label: 'Version',
      rowHeader: true,
      widthPercent: 20,
      cell: (each) => (
        <Link href={paths.modelVersion(modelId, each.versionId)} prefetch={false}>
          {each.version}
        </Link>
      ),
    },
    {
      id: 'state',
      label: 'State',
      widthPercent: 24,
      cell: ({ until }) => <Status of={until === null ? 'serving' : 'retired'} />,
    },
    { id: 'since', label: 'Since', cell: ({ since }) => <Ago atMs={since.getTime()} nowMs={nowMs} /> },
    {
      id: 'for',
      label: 'For',
      numeric: true,
      cell: ({ since, until }) => formatDuration((until?.getTime() ?? nowMs) - since.getTime()),
    },
  ]
}
