import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffJson } from './diff-json.ts'

describe('the difference of two JSON values', () => {
  it('names each leaf that was added, removed or changed', () => {
    const before = { state: 'open', weights: [{ id: 'a', percent: 100 }], note: 'x' }
    const after = {
      state: 'approved',
      weights: [
        { id: 'a', percent: 95 },
        { id: 'b', percent: 5 },
      ],
    }
    expect(diffJson(before, after).changes).toEqual([
      { path: 'note', kind: 'removed', before: '"x"', after: null },
      { path: 'state', kind: 'changed', before: '"open"', after: '"approved"' },
      { path: 'weights[0].percent', kind: 'changed', before: '100', after: '95' },
      { path: 'weights[1].id', kind: 'added', before: null, after: '"b"' },
      { path: 'weights[1].percent', kind: 'added', before: null, after: '5' },
    ])
  })
  it('tells null, empty and absent apart', () => {
    expect(diffJson({ a: null }, {}).changes).toEqual([
      { path: '', kind: 'added', before: null, after: '{}' },
      { path: 'a', kind: 'removed', before: 'null', after: null },
    ])
    expect(diffJson(undefined, { a: [] }).changes).toEqual([{ path: 'a', kind: 'added', before: null, after: '[]' }])
    expect(diffJson(undefined, undefined).changes).toEqual([])
  })
  it('writes keys that are no names in brackets', () => {
    expect(diffJson({}, { 'a b': { 'c.d': 1 } }).changes.map((c) => c.path)).toContain('["a b"]["c.d"]')
  })
  it('finds nothing between equal values, and the reverse of what the other direction finds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [x, y] = [structuredClone(a), structuredClone(b)]
        expect(diffJson(a, x).changes).toEqual([])
        const back = diffJson(y, x).changes.map((c) => [c.path, c.after, c.before])
        expect(diffJson(x, y).changes.map((c) => [c.path, c.before, c.after])).toEqual(back)
      }),
    )
  })
  it('is bounded', () => {
    const { changes, more } = diffJson({}, Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i])))
    expect(changes).toHaveLength(400)
    expect(more).toBe(601)
  })
})
