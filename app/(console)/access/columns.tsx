import type { ReactNode } from 'react'
import type { Column } from '../../_ui/table/data-table.tsx'
import s from './access.module.css'

/** Which role, and how far it reaches. */
export function roleColumns<
  Row extends { role: string; environment: string | null; label: string | null },
>(): Column<Row>[] {
  return [
    { id: 'role', label: 'Role', widthPercent: 12, cell: (row) => row.role },
    { id: 'reach', label: 'Reaches', wideOnly: true, widthPercent: 20, cell: reachOf },
  ]
}

/** What says more and is read rarely: it takes the width that is left. */
export function quietColumn<Row>(id: string, label: string, textOf: (row: Row) => string): Column<Row> {
  return { id, label, wideOnly: true, cell: (row) => <span className={s.quiet}>{textOf(row)}</span> }
}

/** What can be done about a row: the last column. */
export function actionColumn<Row>(cell: (row: Row) => ReactNode): Column<Row> {
  return { id: 'act', label: <span className="sr">Actions</span>, numeric: true, widthPercent: 14, cell }
}

function reachOf(row: { environment: string | null; label: string | null }): string {
  const parts = [row.environment && `only ${row.environment}`, row.label && `only models with ${row.label}`]
  return parts.filter(Boolean).join(', ') || 'the workspace'
}
