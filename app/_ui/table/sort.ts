import type { Sort } from './data-table.tsx'

/** A sort as it stands in an address: `name`, or `-psi` for descending. */
export function sortParam(sort: Sort): string {
  return sort.direction === 'descending' ? `-${sort.by}` : sort.by
}

/** Reads it back; what is no column of the table gives the fallback. */
export function parseSort(param: string | undefined, columns: readonly string[], fallback: Sort): Sort {
  if (param === undefined) return fallback
  const descending = param.startsWith('-')
  const by = descending ? param.slice(1) : param
  return columns.includes(by) ? { by, direction: descending ? 'descending' : 'ascending' } : fallback
}
