import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ServingView } from '#lib/models/model.ts'
import { paths } from '../../paths.ts'
import { Status } from '../../_ui/status.tsx'
import { DataTable, type Column, type Sort } from '../../_ui/table/data-table.tsx'
import { Ago } from '../../_ui/time.tsx'
import type { ModelLine } from './status.ts'
import s from './models.module.css'

export type ModelTableProps = {
  lines: readonly ModelLine[]
  nowMs: number
  sort: Sort
  sortHref: (sort: Sort) => string
  empty: ReactNode
}

/** The models of a workspace with what serves where. */
export function ModelTable({ lines, nowMs, ...table }: ModelTableProps) {
  return (
    <DataTable caption="Models" columns={columnsOf(nowMs)} rows={lines} rowKey={(line) => line.model.id} {...table} />
  )
}

function columnsOf(nowMs: number): Column<ModelLine>[] {
  return [
    {
      id: 'state',
      label: 'Status',
      widthPercent: 11,
      sortFirst: 'ascending',
      cell: (l) => <Status of={l.state}>{l.state === 'draft' ? 'Not serving' : undefined}</Status>,
    },
    {
      id: 'name',
      label: 'Model',
      rowHeader: true,
      widthPercent: 25,
      sortFirst: 'ascending',
      cell: (l) => (
        <>
          <Link href={paths.model(l.model.id)} prefetch={false}>
            {l.model.name}
          </Link>
          {l.model.risk === 'high' && <span className={s.tag}>high risk</span>}
        </>
      ),
    },
    { id: 'serving', label: 'Serving', widthPercent: 22, cell: (l) => <Serving serving={l.serving} /> },
    {
      id: 'newest',
      label: 'Newest version',
      widthPercent: 18,
      wideOnly: true,
      sortFirst: 'descending',
      cell: (l) => <Newest line={l} nowMs={nowMs} />,
    },
    {
      id: 'approval',
      label: 'Last approval',
      wideOnly: true,
      sortFirst: 'descending',
      cell: (l) => <LastApproval line={l} nowMs={nowMs} />,
    },
  ]
}

/** Which version serves in which environment. */
export function Serving({ serving }: { serving: readonly ServingView[] }) {
  if (serving.length === 0) return <span className={s.quiet}>nowhere</span>
  return serving.map((each, index) => (
    <span key={each.endpointId}>
      {index > 0 && ', '}
      <code>{each.version}</code> <span className={s.quiet}>{each.environment}</span>
    </span>
  ))
}

function Newest({ line: { model, newest }, nowMs }: { line: ModelLine; nowMs: number }) {
  if (!newest) return <span className={s.quiet}>none</span>
  return (
    <>
      <Link href={paths.modelVersion(model.id, newest.versionId)} prefetch={false}>
        <code>{newest.version}</code>
      </Link>{' '}
      <span className={s.quiet}>
        of {newest.versions}, <Ago atMs={newest.createdAt.getTime()} nowMs={nowMs} />
      </span>
    </>
  )
}

function LastApproval({ line: { lastApproval }, nowMs }: { line: ModelLine; nowMs: number }) {
  if (!lastApproval) return <span className={s.quiet}>none</span>
  const { id, subject, decidedAt, requestedAt } = lastApproval
  return (
    <>
      <Link href={paths.approval(id)} prefetch={false}>
        <code>{subject.version.version}</code> for {subject.environment.name}
      </Link>{' '}
      <span className={s.quiet}>
        <Ago atMs={(decidedAt ?? requestedAt).getTime()} nowMs={nowMs} />
      </span>
    </>
  )
}
