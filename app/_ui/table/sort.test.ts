import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHere } from '../shell/is-here.ts'
import { navGroups, phoneBarItems } from '../shell/nav.ts'
import { paths, withQuery } from '../../paths.ts'
import { parseSort, sortParam } from './sort.ts'

describe('sort in the address', () => {
  const fallback = { by: 'name', direction: 'ascending' as const }
  it('comes back as it went', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('name', 'psi'),
        fc.constantFrom('ascending' as const, 'descending' as const),
        (by, direction) => {
          expect(parseSort(sortParam({ by, direction }), ['name', 'psi'], fallback)).toEqual({ by, direction })
        },
      ),
    )
  })
  it('falls back for what is no column', () => {
    expect(parseSort('-drop table', ['name'], fallback)).toBe(fallback)
    expect(parseSort(undefined, ['name'], fallback)).toBe(fallback)
  })
})

describe('addresses', () => {
  it('encode ids and leave empty parameters out', () => {
    expect(paths.driftFeature('mn_1', 'a/b c')).toBe('/drift/mn_1/features/a%2Fb%20c')
    expect(withQuery('/models', { q: 'x y', status: undefined, page: 2, sort: '' })).toBe('/models?q=x+y&page=2')
    expect(withQuery('/models', { q: null })).toBe('/models')
  })
  it('give every page one entry and one letter in the navigation', () => {
    const items = navGroups.flatMap((group) => group.items)
    expect(new Set(items.map((item) => item.jumpKey)).size).toBe(items.length)
    expect(new Set(items.map((item) => item.href)).size).toBe(items.length)
    expect(phoneBarItems.map((item) => item.label)).toEqual(['Home', 'Approvals', 'Rollouts', 'Incidents'])
  })
  it('know where one is', () => {
    expect(isHere('/models', '/models/mo_1')).toBe(true)
    expect(isHere('/models', '/models-x')).toBe(false)
    expect(isHere('/', '/models')).toBe(false)
  })
})
