import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signCheckpoint } from '#lib/audit/checkpoint.ts'
import { leafBytes } from '#lib/audit/leaf.ts'
import { appendLeaf, EMPTY_FRONTIER, frontierRoot, leafHash, type Frontier } from '#lib/audit/merkle.ts'
import { proveInclusion } from '#lib/audit/merkle-proof.ts'
import { generateNoteKey, parseSignerKey } from '#lib/audit/note-key.ts'
import { encodeProof } from '#lib/audit/proof-format.ts'
import { verifyReceipt, type Claim } from './verify-receipt.ts'

const key = generateNoteKey('test.local/log')
const entryOf = (n: number) => ({
  id: `ae_${String(n).padStart(26, '0')}`,
  kind: 'approval:vote',
  digest: String(n % 10).repeat(64),
  time: '2026-03-02T09:00:00.000Z',
})

/** A claim made by the server's own code, for entry `index` in a log of `size`. */
async function claimFor(index: number, size: number, vkey = key.vkey): Promise<Claim> {
  const leaves = Array.from({ length: size }, (_, n) => leafBytes({ v: 1, ...entryOf(n), mac: 'b'.repeat(64) }))
  const grown = (from: number, to: number) =>
    leaves.slice(from, to).reduce<Frontier>((f, leaf) => appendLeaf(f, leafHash(leaf)), EMPTY_FRONTIER)
  const root = frontierRoot(grown(0, size))
  const hashes = await proveInclusion(index, size, (nodes) =>
    nodes.map((n) => frontierRoot(grown(n.index * 2 ** n.height, (n.index + 1) * 2 ** n.height))),
  )
  const signer = parseSignerKey(key.skey)
  const checkpoint = signCheckpoint({ origin: signer.name, size, root }, 'nothing-signed-yet', [signer])
  const receipt = { leaf: leaves[index]!.toString('utf8'), proof: encodeProof({ index, hashes, checkpoint }) }
  return { entry: entryOf(index), receipt, vkey }
}

describe('a receipt in the browser', () => {
  it('is verified for every entry of logs of many sizes', async () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 16, 21]) {
      for (let index = 0; index < size; index++) {
        const verdict = await verifyReceipt(await claimFor(index, size))
        expect(verdict).toMatchObject({
          kind: 'verified',
          index,
          size,
          origin: 'test.local/log',
          signature: 'verified',
        })
      }
    }
  })
  it('fails when any byte of the leaf, the proof or the signature is another one', async () => {
    const claim = await claimFor(5, 11)
    const texts = [
      { part: 'leaf', text: claim.receipt.leaf },
      { part: 'proof', text: claim.receipt.proof },
    ] as const
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.constantFrom('A', 'z', '7', '='),
        async (which, at, char) => {
          const place = at % which.text.length
          fc.pre(which.text[place] !== char)
          const changed = which.text.slice(0, place) + char + which.text.slice(place + 1)
          const verdict = await verifyReceipt({ ...claim, receipt: { ...claim.receipt, [which.part]: changed } })
          expect(verdict.kind).toBe('failed')
        },
      ),
      { numRuns: 300 },
    )
  })
  it('fails for another entry, another key and a key that does not fit its id', async () => {
    const claim = await claimFor(2, 5)
    const other = await verifyReceipt({ ...claim, entry: entryOf(3) })
    expect(other).toEqual({ kind: 'failed', because: 'The leaf of the log has another id than this page.' })
    const stranger = generateNoteKey('test.local/log').vkey
    expect(await verifyReceipt({ ...claim, vkey: stranger })).toEqual({
      kind: 'failed',
      because: 'The checkpoint is not signed by test.local/log.',
    })
    const renamed = key.vkey.replace('test.local', 'evil.local')
    expect((await verifyReceipt({ ...claim, vkey: renamed })).kind).toBe('failed')
  })
  it('fails with words for what is no receipt at all', async () => {
    const claim = await claimFor(0, 1)
    for (const proof of ['', 'x', 'c2sp.org/tlog-proof@v1\n\n', 'c2sp.org/tlog-proof@v1\nindex 0\n\nno note']) {
      const verdict = await verifyReceipt({ ...claim, receipt: { ...claim.receipt, proof } })
      expect(verdict).toEqual({ kind: 'failed', because: expect.any(String) })
    }
  })
})
