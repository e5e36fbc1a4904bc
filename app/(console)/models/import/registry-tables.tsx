import Link from 'next/link'
import type { RegistryState, RegistryView, UpstreamModelView } from '#lib/registries/model.ts'
import { formatCount } from '../../../_ui/format.ts'
import { EmptyState } from '../../../_ui/states/empty-state.tsx'
import { Status, type StatusOf } from '../../../_ui/status.tsx'
import { DataTable, type Column } from '../../../_ui/table/data-table.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths, withQuery } from '../../../paths.ts'
import s from './import.module.css'

const stateWords: Record<RegistryState, { of: StatusOf; words: string }> = {
  checking: { of: 'running', words: 'Asking' },
  connected: { of: 'healthy', words: 'Connected' },
  failing: { of: 'down', words: 'Failing' },
  disabled: { of: 'retired', words: 'Disabled' },
}

/** The state of a connection in its words. */
export function RegistryStatus({ state, chip = false }: { state: RegistryState; chip?: boolean }) {
  return (
    <Status of={stateWords[state].of} chip={chip}>
      {stateWords[state].words}
    </Status>
  )
}

/** The connections, each leading to what it shows. */
export function RegistryTable({ rows, nowMs }: { rows: readonly RegistryView[]; nowMs: number }) {
  return (
    <DataTable
      caption="Connections to registries, newest first"
      columns={registryColumns(nowMs)}
      rows={rows}
      rowKey={(row) => row.id}
      empty={
        <EmptyState icon="link" title="No registry is connected">
          An admin connects an MLflow server: on this page, by the API or by <code>quarterdeck registry connect</code>.
          Then its models are shown here and can be chosen.
        </EmptyState>
      }
    />
  )
}

function registryColumns(nowMs: number): Column<RegistryView>[] {
  return [
    {
      id: 'name',
      label: 'Connection',
      rowHeader: true,
      widthPercent: 18,
      cell: (row) => (
        <Link href={withQuery(paths.importModels(), { registry: row.id })} prefetch={false}>
          {row.name}
        </Link>
      ),
    },
    { id: 'state', label: 'State', widthPercent: 13, cell: (row) => <RegistryStatus state={row.state} /> },
    { id: 'url', label: 'Address', wideOnly: true, cell: (row) => <span title={row.url}>{row.url}</span> },
    {
      id: 'chosen',
      label: 'Models chosen',
      numeric: true,
      widthPercent: 14,
      cell: (row) => `${formatCount(row.chosen)} of ${formatCount(row.models)}`,
    },
    {
      id: 'imported',
      label: 'Versions here',
      numeric: true,
      wideOnly: true,
      widthPercent: 14,
      cell: (row) => formatCount(row.imported),
    },
    {
      id: 'checked',
      label: 'Asked',
      numeric: true,
      wideOnly: true,
      widthPercent: 11,
      cell: (row) => (row.checkedAt ? <Ago atMs={row.checkedAt.getTime()} nowMs={nowMs} /> : 'not yet'),
    },
  ]
}

type UpstreamTableProps = { rows: readonly UpstreamModelView[]; state: RegistryState; mayChoose: boolean }

/** What the registry shows, each with a tick where it can be chosen, and how far its import is. */
export function UpstreamTable({ rows, state, mayChoose }: UpstreamTableProps) {
  return (
    <DataTable
      caption="Models of the registry, by name"
      columns={upstreamColumns(mayChoose)}
      rows={rows}
      rowKey={(row) => row.name}
      empty={
        <EmptyState icon="cube" title={state === 'connected' ? 'The registry shows no model' : 'Nothing was read yet'}>
          {state === 'connected'
            ? 'Models that are registered there appear here after its next look.'
            : 'Its models appear here once it answers. Reload the page, or have it asked again.'}
        </EmptyState>
      }
    />
  )
}

function upstreamColumns(mayChoose: boolean): Column<UpstreamModelView>[] {
  return [
    {
      id: 'name',
      label: 'Model',
      rowHeader: true,
      widthPercent: 34,
      cell: (row) => <Choice row={row} open={mayChoose} />,
    },
    {
      id: 'state',
      label: 'Import',
      widthPercent: 20,
      cell: ({ chosen, gone, failed, imported, versions }) => {
        if (gone) return <Status of="retired">Gone there</Status>
        if (!chosen) return <Status of="draft">Not chosen</Status>
        if (failed > 0) return <Status of="failed">{`${formatCount(failed)} failed`}</Status>
        return imported < versions ? <Status of="running">Coming</Status> : <Status of="finished">Here</Status>
      },
    },
    {
      id: 'versions',
      label: 'Versions here',
      numeric: true,
      widthPercent: 14,
      cell: (row) => `${formatCount(row.imported)} of ${formatCount(row.versions)}`,
    },
    {
      id: 'because',
      label: 'Why one is not here',
      wideOnly: true,
      cell: ({ because }) => <span title={because ?? ''}>{because ?? 'none is missing'}</span>,
    },
  ]
}

function Choice({ row, open }: { row: UpstreamModelView; open: boolean }) {
  if (row.modelId !== null)
    return (
      <Link href={paths.model(row.modelId)} prefetch={false}>
        {row.name}
      </Link>
    )
  if (!open || row.chosen || row.gone) return row.name
  return (
    <label className={s.tick}>
      <input type="checkbox" name="model" value={row.name} />
      {row.name}
    </label>
  )
}
