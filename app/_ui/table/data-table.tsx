import Link from 'next/link'
import type { ReactNode } from 'react'
import { Icon } from '../icon.tsx'
import s from './table.module.css'

export type Direction = 'ascending' | 'descending'
export type Sort = { by: string; direction: Direction }

export type Column<Row> = {
  id: string
  label: ReactNode
  cell: (row: Row) => ReactNode
  /** Share of the width; the columns without one divide the rest. Fixed, so that late rows move nothing. */
  widthPercent?: number
  /** Right-aligned. */
  numeric?: boolean
  /** Names the row; one column has it. */
  rowHeader?: boolean
  /** The direction a first click sorts in. */
  sortFirst?: Direction
  /** Left out on phones. */
  wideOnly?: boolean
}

export type DataTableProps<Row> = {
  /** Read out before the table; shown only to those who listen. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  sort?: Sort | undefined
  /** The address that sorts so; sorting is a link, so it works without script and stays in the address. */
  sortHref?: (sort: Sort) => string
  /** Stands below the head when there are no rows: an `EmptyState`, `ErrorState` or `NoPermission`. */
  empty: ReactNode
}

/** A table that the server can render whole. */
export function DataTable<Row>({ caption, columns, rows, rowKey, sort, sortHref, empty }: DataTableProps<Row>) {
  return (
    <>
      <table className={s.table}>
        <caption className="sr">{caption}</caption>
        <colgroup>
          {columns.map((column) => (
            <col
              key={column.id}
              data-wide={column.wideOnly ? '' : undefined}
              {...(column.widthPercent ? { style: { width: `${column.widthPercent}%` } } : {})}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.id} column={column} sort={sort} sortHref={sortHref} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <BodyCell key={column.id} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </>
  )
}

type HeadCellProps<Row> = {
  column: Column<Row>
  sort: Sort | undefined
  sortHref: ((sort: Sort) => string) | undefined
}

function HeadCell<Row>({ column, sort, sortHref }: HeadCellProps<Row>) {
  const direction = sort?.by === column.id ? sort.direction : undefined
  return (
    <th
      scope="col"
      aria-sort={direction}
      data-num={column.numeric ? '' : undefined}
      data-wide={column.wideOnly ? '' : undefined}
    >
      {column.sortFirst && sortHref ? (
        <Link href={sortHref(nextSort(column.id, column.sortFirst, sort))} prefetch={false} scroll={false}>
          {column.label}
          {direction && <Icon name={direction === 'ascending' ? 'up' : 'down'} size={11} />}
        </Link>
      ) : (
        column.label
      )}
    </th>
  )
}

function BodyCell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const marks = { 'data-num': column.numeric ? '' : undefined, 'data-wide': column.wideOnly ? '' : undefined }
  if (column.rowHeader) {
    return (
      <th scope="row" {...marks}>
        {column.cell(row)}
      </th>
    )
  }
  return <td {...marks}>{column.cell(row)}</td>
}

function nextSort(by: string, first: Direction, now: Sort | undefined): Sort {
  if (now?.by !== by) return { by, direction: first }
  return { by, direction: now.direction === 'ascending' ? 'descending' : 'ascending' }
}
