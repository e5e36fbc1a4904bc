import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalBytes, canonicalLeafBytes, saltedDigest } from './canonical.ts'
import { leafBytes, parseLeaf, type Leaf } from './leaf.ts'

const leaf: Leaf = {
  v: 1,
  id: 'ae_01h455vb4pex5vsknk084sn02q',
  time: '2026-03-01T12:00:00.000Z',
  kind: 'rollout:roll-back',
  digest: 'ab'.repeat(32),
  mac: 'cd'.repeat(32),
}

describe('canonical bytes (RFC 8785)', () => {
  it('gives the published form of the RFC’s first example (§3.2.2 and §3.2.3)', () => {
    // As text, because the number and the escapes are chosen for what a JSON parser makes of them.
    const value: unknown = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    )
    expect(canonicalBytes(value).toString()).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it.each([NaN, Infinity, undefined, () => 1, 1n, '\ud800', { deep: [NaN] }])('refuses %s', (value) => {
    expect(() => canonicalBytes(value)).toThrow(expect.objectContaining({ code: 'not-canonical' }))
  })

  it('refuses a leaf that no bundle can hold', () => {
    expect(canonicalLeafBytes('x'.repeat(65_533))).toHaveLength(65_535)
    expect(() => canonicalLeafBytes('x'.repeat(65_534))).toThrow(expect.objectContaining({ code: 'too-large' }))
  })
})

describe('salted digest', () => {
  const salt = Buffer.alloc(32, 9)

  it('is SHA-256 over the documented input', () => {
    const input = Buffer.concat([
      Buffer.from('quarterdeck audit content v1\n'),
      Buffer.from('00000020', 'hex'),
      salt,
      Buffer.from('00000007', 'hex'),
      Buffer.from('{"a":1}'),
    ])
    expect(saltedDigest(salt, { a: 1 })).toBe(createHash('sha256').update(input).digest('hex'))
  })

  it('does not depend on the order of keys, and does on salt and content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), fc.jsonValue(), fc.jsonValue(), (salt, a, b) => {
        expect(saltedDigest(salt, { a, b })).toBe(saltedDigest(salt, { b, a }))
        expect(saltedDigest(salt, { a, b, c: 1 })).not.toBe(saltedDigest(salt, { a, b }))
        expect(saltedDigest(Buffer.from(salt).fill(salt[0]! ^ 1, 0, 1), a)).not.toBe(saltedDigest(salt, a))
      }),
    )
  })

  it('refuses a salt that could be searched for', () => {
    expect(() => saltedDigest(Buffer.alloc(15), 1)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => saltedDigest(Buffer.alloc(65), 1)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

describe('leaf', () => {
  it('reads back what it writes', () => {
    const counted = { ...leaf, process: { instance: '00ff00ff', counter: 7 } }
    expect(parseLeaf(leafBytes(leaf))).toEqual(leaf)
    expect(parseLeaf(leafBytes(counted))).toEqual(counted)
    expect(leafBytes(leaf).toString()).toMatch(/^\{"digest":"abab/)
  })

  it.each([
    ['a person', { actor: 'ada@example.com' }],
    ['a time without milliseconds', { time: '2026-03-01T12:00:00Z' }],
    ['a local time', { time: '2026-03-01T12:00:00.000+02:00' }],
    ['an upper-case digest', { digest: 'AB'.repeat(32) }],
    ['a kind with free text', { kind: 'rolled back by Ada' }],
    ['another version', { v: 2 }],
    ['an id without prefix', { id: '42' }],
  ])('refuses %s', (_what, change) => {
    expect(() => leafBytes({ ...leaf, ...change } as Leaf)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('refuses bytes that say the same in another form', () => {
    expect(() => parseLeaf(Buffer.from(JSON.stringify(leaf)))).toThrow(/canonical/)
    expect(() => parseLeaf(Buffer.from('not json'))).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => parseLeaf(Buffer.of(0xff, 0xfe))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
