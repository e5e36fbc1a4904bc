import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint, type Checkpoint } from './checkpoint.ts'
import { EMPTY_ROOT, leafHash, type Hash } from './merkle.ts'
import { proveConsistency, proveInclusion } from './merkle-proof.ts'
import { generateNoteKey, parseSignerKey } from './note-key.ts'
import { encodeProof, parseProof, verifyProof } from './proof-format.ts'
import { EMPTY_EDGE, edgeRoot, growEdge, perfectRoot } from './right-edge.ts'
import { addSignatures, signNote } from './signed-note.ts'

const origin = 'example.com/audit'
const signer = parseSignerKey(generateNoteKey(origin).skey)
const entries = Array.from({ length: 40 }, (_, i) => Buffer.from(`entry ${i}`))
const read = (nodes: readonly { height: number; index: number }[]): Hash[] =>
  nodes.map(({ height, index }) =>
    perfectRoot(entries.slice(index * 2 ** height, (index + 1) * 2 ** height).map(leafHash)),
  )
const headOf = (size: number): Checkpoint => ({
  origin,
  size,
  root: edgeRoot(growEdge(EMPTY_EDGE, entries.slice(0, size).map(leafHash)).edge),
})
const malformed = expect.objectContaining({ code: 'malformed' })
const inconsistent = expect.objectContaining({ code: 'inconsistent' })

describe('checkpoint', () => {
  it('reads and writes the example of C2SP tlog-checkpoint', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    const checkpoint = parseCheckpoint(text)
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(encodeCheckpoint(checkpoint)).toBe(text)
  })

  it('writes the empty log', () => {
    const text = encodeCheckpoint({ origin, size: 0, root: EMPTY_ROOT })
    expect(text).toBe(`${origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`)
    expect(() => encodeCheckpoint({ origin, size: 0, root: Buffer.alloc(32) })).toThrow(malformed)
  })

  const root = Buffer.from(headOf(3).root).toString('base64')
  it.each([
    ['a leading zero', `${origin}\n03\n${root}\n`],
    ['a sign', `${origin}\n+3\n${root}\n`],
    ['no origin', `\n3\n${root}\n`],
    ['an extension line', `${origin}\n3\n${root}\nextra\n`],
    ['a short root', `${origin}\n3\nAAAA\n`],
    ['an unsafe size', `${origin}\n9999999999999999\n${root}\n`],
    ['no newline', `${origin}\n3\n${root}`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCheckpoint(text)).toThrow(malformed)
  })

  it('is signed and opened', () => {
    const note = signCheckpoint(headOf(7), 'nothing-signed-yet', [signer])
    expect(openCheckpoint(note, [signer]).checkpoint).toEqual(headOf(7))
    const witness = parseSignerKey(generateNoteKey('witness.example').skey)
    expect(openCheckpoint(addSignatures(note, [witness]), [signer]).note.unknown).toHaveLength(1)
  })

  it('is not believed on a witness’s word alone', () => {
    const witness = parseSignerKey(generateNoteKey('witness.example').skey)
    const note = signNote(encodeCheckpoint(headOf(7)), [witness])
    expect(() => openCheckpoint(note, [witness, signer])).toThrow(
      expect.objectContaining({ code: 'signature-invalid' }),
    )
    expect(() => signCheckpoint(headOf(7), 'nothing-signed-yet', [witness])).toThrow(
      expect.objectContaining({ code: 'key-invalid' }),
    )
  })

  it('is signed only if it extends the one signed before', async () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }))
    await fc.assert(
      fc.asyncProperty(sizes, async ([a, b]) => {
        const [m, n] = a < b ? [a, b] : [b, a]
        const proof = await proveConsistency(m, n, read)
        const previous = { checkpoint: headOf(m), proof }
        expect(openCheckpoint(signCheckpoint(headOf(n), previous, [signer]), [signer]).checkpoint).toEqual(headOf(n))
        const forked = { ...headOf(n), root: leafHash(Buffer.from('another history')) }
        if (m > 0) expect(() => signCheckpoint(forked, previous, [signer])).toThrow(inconsistent)
        if (m < n)
          expect(() => signCheckpoint(headOf(m), { checkpoint: headOf(n), proof }, [signer])).toThrow(inconsistent)
      }),
      { numRuns: 60 },
    )
    const other = { checkpoint: { ...headOf(3), origin: 'example.com/other' }, proof: [] }
    expect(() => signCheckpoint(headOf(3), other, [signer])).toThrow(inconsistent)
  })
})

describe('tlog-proof', () => {
  const note = signCheckpoint(headOf(40), 'nothing-signed-yet', [signer])
  const proofOf = async (index: number, extra?: Buffer): Promise<string> => {
    const hashes = await proveInclusion(index, 40, read)
    return encodeProof({ index, hashes, checkpoint: note, ...(extra === undefined ? {} : { extra }) })
  }

  it('has the form that C2SP tlog-proof describes', async () => {
    const lines = (await proofOf(3, Buffer.from('hi'))).split('\n')
    expect(lines.slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'extra aGk=', 'index 3'])
    expect(lines.slice(3, 9).every((line) => Buffer.from(line, 'base64').length === 32)).toBe(true)
    expect(lines.slice(9, 11)).toEqual(['', origin])
  })

  it('shows each entry, and no other', async () => {
    for (const index of entries.keys()) {
      const text = await proofOf(index, index % 2 === 0 ? Buffer.alloc(index) : undefined)
      expect(verifyProof(text, entries[index]!, [signer])).toEqual({ index, checkpoint: headOf(40) })
      expect(parseProof(text).checkpoint).toBe(note)
      expect(() => verifyProof(text, entries[(index + 1) % 40]!, [signer])).toThrow(
        expect.objectContaining({ code: 'proof-invalid' }),
      )
    }
  })

  it('is broken by any flipped bit', async () => {
    const bytes = Buffer.from(await proofOf(17))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const bad = Buffer.from(bytes)
        bad[at]! ^= 1 << bit
        expect(() => verifyProof(bad.toString('utf8'), entries[17]!, [signer])).toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['another version', (text: string) => text.replace('@v1', '@v2')],
    ['no index', (text: string) => text.replace(/index \d+\n/, '')],
    ['a leading zero', (text: string) => text.replace('index ', 'index 0')],
    ['no checkpoint', (text: string) => text.slice(0, text.indexOf('\n\n'))],
    ['a hash too many', (text: string) => text.replace('index 17\n', `index 17\n${'A'.repeat(43)}=\n`)],
  ])('refuses %s', async (_what, change) => {
    const text = await proofOf(17)
    expect(() => verifyProof(change(text), entries[17]!, [signer])).toThrow()
  })
})
