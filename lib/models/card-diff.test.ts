import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffFields, diffLines } from './card-diff.ts'

describe('the diff of front matters', () => {
  it('names each value by its path, on the side where it is', () => {
    const before = { license: 'mit', tags: ['a', 'b'], intended_uses: { risk_rating: 'Low' }, gone: null }
    const after = { license: 'mit', tags: ['a', 'c'], intended_uses: { risk_rating: 'High', more: 1 } }
    expect(diffFields(before, after)).toEqual([
      { path: 'tags', before: ['a', 'b'], after: ['a', 'c'] },
      { path: 'intended_uses.risk_rating', before: 'Low', after: 'High' },
      { path: 'intended_uses.more', after: 1 },
      { path: 'gone', before: null },
    ])
  })

  it('goes into lists of structures, such as results', () => {
    const card = (value: number) => ({ 'model-index': [{ results: [{ metrics: [{ type: 'accuracy', value }] }] }] })
    expect(diffFields(card(0.9), card(0.8))).toEqual([
      { path: 'model-index[0].results[0].metrics[0].value', before: 0.9, after: 0.8 },
    ])
  })
})

describe('the diff of texts', () => {
  it('tells which lines went and came, with their numbers', () => {
    expect(diffLines('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual([
      { kind: 'same', text: 'a', before: 1, after: 1 },
      { kind: 'removed', text: 'b', before: 2, after: null },
      { kind: 'added', text: 'x', before: null, after: 2 },
      { kind: 'same', text: 'c', before: 3, after: 3 },
      { kind: 'added', text: 'd', before: null, after: 4 },
    ])
  })

  it('gives both texts back, whatever they are, with as few edits as the longest common subsequence leaves', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 24 })
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const changes = diffLines(text(a), text(b))
        expect(changes.filter((c) => c.before !== null).map((c) => c.text)).toEqual(a)
        expect(changes.filter((c) => c.after !== null).map((c) => c.text)).toEqual(b)
        expect(changes.filter((c) => c.kind === 'same')).toHaveLength(longestCommon(a, b))
      }),
    )
  })

  it('stays true when there are more edits than it looks for', () => {
    const [a, b] = [many('a'), many('b')]
    const changes = diffLines(text(a), text(b))
    expect(changes).toHaveLength(8_000)
    expect(changes.filter((c) => c.before !== null).map((c) => c.text)).toEqual(a)
    expect(changes.filter((c) => c.after !== null).map((c) => c.text)).toEqual(b)
  })
})

const many = (word: string) => Array.from({ length: 4_000 }, (_, i) => `${word}${i}`)
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, () => 0)
  for (const x of a) {
    const next = [0]
    for (const [j, y] of b.entries()) {
      next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0))
    }
    row = next
  }
  return row[b.length] ?? 0
}
