import type { ReactNode } from 'react'
import { DataTable, type Column } from '../../_ui/table/data-table.tsx'
import { diffJson, type Change } from './diff-json.ts'
import s from './diff.module.css'

export type DiffTableProps = { caption: string; before: unknown; after: unknown; empty: ReactNode }

/** Two JSON values, leaf by leaf: what was, and what is. */
export function DiffTable({ caption, before, after, empty }: DiffTableProps) {
  const { changes, more } = diffJson(before, after)
  return (
    <div className={s.diff}>
      <DataTable caption={caption} columns={columns} rows={changes} rowKey={(c) => c.path} empty={empty} />
      {more > 0 && <p className={s.more}>And {more} more differences.</p>}
    </div>
  )
}

const columns: Column<Change>[] = [
  { id: 'path', label: 'Field', rowHeader: true, widthPercent: 30, cell: (c) => <code>{c.path || '(whole)'}</code> },
  {
    id: 'before',
    label: 'Before',
    widthPercent: 35,
    cell: (c) => (c.before === null ? <span className={s.absent}>absent</span> : <del>{c.before}</del>),
  },
  {
    id: 'after',
    label: 'After',
    cell: (c) => (c.after === null ? <span className={s.absent}>absent</span> : <ins>{c.after}</ins>),
  },
]
