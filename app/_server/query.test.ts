import { describe, expect, it } from 'vitest'
import { encodeCursor } from '#lib/platform/page.ts'
import { cursorOf, oneOf, pagerLinks, readQuery } from './query.ts'

describe('an address', () => {
  it('gives each parameter once, without empty and endless ones', async () => {
    const params = Promise.resolve({ a: '1', b: ['x', 'y'], c: '', d: undefined, e: 'z'.repeat(2001) })
    expect(await readQuery(params)).toEqual({ a: '1', b: 'x' })
  })
  it('says only what is known', () => {
    expect(oneOf('open', ['open', 'decided'], 'open')).toBe('open')
    expect(oneOf('drop table', ['open', 'decided'], 'open')).toBe('open')
  })
  it('starts from the newest when its cursor is none', () => {
    const cursor = encodeCursor('ae_01jqfx5n9re9wv3k7c2m8d4t6h')
    expect(cursorOf(cursor)).toBe(cursor)
    expect(cursorOf('not a cursor')).toBeUndefined()
    expect(cursorOf(undefined)).toBeUndefined()
  })
})

describe('the pager', () => {
  const links = (cursor: string | undefined, trail: string | undefined, nextCursor: string | null) =>
    pagerLinks('/audit', { outcome: 'denied' }, { cursor, trail, nextCursor })
  const paramsOf = (href: string | null) => Object.fromEntries(new URL(href ?? '/', 'http://x').searchParams)

  it('goes on and comes back by the same addresses, keeping the filters', () => {
    const first = links(undefined, undefined, 'c1')
    expect(first.previousHref).toBeNull()
    const walked = ['c2', 'c3', 'c4'].reduce(
      (hrefs, next) => {
        const { cursor, trail } = paramsOf(hrefs.at(-1) ?? null)
        return [...hrefs, links(cursor, trail, next).nextHref ?? '']
      },
      [first.nextHref ?? ''],
    )
    for (let at = walked.length - 1; at > 0; at--) {
      const { cursor, trail } = paramsOf(walked[at] ?? null)
      expect(links(cursor, trail, null)).toEqual({ previousHref: walked[at - 1], nextHref: null })
    }
    expect(links('c1', undefined, null).previousHref).toBe('/audit?outcome=denied')
  })
  it('keeps the address short, however far one goes', () => {
    const trail = Array.from({ length: 500 }, (_, i) => `c${i}`).join('.')
    expect(paramsOf(links('c500', trail, 'c501').nextHref).trail?.split('.')).toHaveLength(20)
  })
})
