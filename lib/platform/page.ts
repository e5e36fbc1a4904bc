import { problem } from './errors.ts'

export type Page<T> = { items: T[]; nextCursor: string | null }
export const pageLimitMax = 200

/**
 * A page of a list that is sorted by id, newest first. Ask the database for `limit + 1` rows: the extra one says that
 * there is more. The cursor is the id of the page's last item; ids sort by time, so nothing shifts while things are added.
 */
export function pageOf<T>(rows: readonly T[], limit: number, idOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(idOf(last)) : null }
}

export function encodeCursor(id: string): string {
  return Buffer.from(id, 'utf8').toString('base64url')
}

/** The id that a cursor stands for, or undefined without one. @throws `invalid` for what is no cursor of ours */
export function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const id = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!/^[a-z]{2}_[0-9a-z]{26}$/.test(id) || encodeCursor(id) !== cursor) {
    throw problem('invalid', 'cursor: not one that this list gave; leave it out to start from the newest', {
      errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
    })
  }
  return id
}
