import { decodeCursor } from '#lib/platform/page.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { withQuery, type Query } from '../paths.ts'

export type SearchParams = Promise<Record<string, string | string[] | undefined>>

/** The parameters of an address, each once (the first one counts), of a bounded length; empty ones are absent. */
export async function readQuery(params: SearchParams): Promise<Partial<Record<string, string>>> {
  const entries = Object.entries(await params).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== '' && value.length <= 2000))
}

/** The parameter if it is one of these, else the fallback: an address may say anything. */
export function oneOf<T extends string, F>(value: string | undefined, allowed: readonly T[], fallback: F): T | F {
  return allowed.find((each) => each === value) ?? fallback
}

/** A list's cursor, if the list gave it; what is none starts from the newest. */
export function cursorOf(value: string | undefined): string | undefined {
  try {
    return decodeCursor(value) === undefined ? undefined : value
  } catch (error) {
    if (isProblem(error, 'invalid')) return undefined
    throw error
  }
}

const trailMax = 20

/**
 * The addresses of the rows before and after these. A keyset knows only forward, so the address carries the cursors that
 * led here (`trail`, the newest twenty); past their end "newer" leads to the newest rows.
 */
export function pagerLinks(
  href: string,
  keep: Query,
  page: { cursor: string | undefined; trail: string | undefined; nextCursor: string | null },
): { previousHref: string | null; nextHref: string | null } {
  const trail = page.trail?.split('.').filter(Boolean) ?? []
  const before = trail.at(-1)
  return {
    previousHref:
      page.cursor === undefined
        ? null
        : withQuery(href, { ...keep, cursor: before, trail: trail.slice(0, -1).join('.') }),
    nextHref:
      page.nextCursor === null
        ? null
        : withQuery(href, {
            ...keep,
            cursor: page.nextCursor,
            trail: (page.cursor === undefined ? [] : [...trail, page.cursor]).slice(-trailMax).join('.'),
          }),
  }
}
