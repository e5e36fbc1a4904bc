import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  appendLeaf,
  frontierRoot,
  leafHash,
  nodeHash,
  type Frontier,
  type Hash,
} from './merkle.ts'
import {
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
  type HashReader,
} from './merkle-proof.ts'
import {
  EMPTY_EDGE,
  edgeFrontier,
  edgeRoot,
  growEdge,
  perfectRoot,
  readEdge,
  tileHashReader,
  type Tile,
} from './right-edge.ts'
import { changedTiles, tilePath } from './tiles.ts'

const hex = (hash: Hash): string => Buffer.from(hash).toString('hex')

/** The definition of RFC 6962 §2.1, by recursion: what the incremental forms must agree with. */
function treeHash(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

const leavesOf = (size: number): Hash[] => Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))
const all = leavesOf(600)
const roots = all.reduce<Frontier[]>((list, leaf) => [...list, appendLeaf(list.at(-1)!, leaf)], [EMPTY_FRONTIER])
const read: HashReader = (nodes) =>
  nodes.map(({ height, index }) => perfectRoot(all.slice(index * 2 ** height, (index + 1) * 2 ** height)))
const size = fc.integer({ min: 0, max: 600 })

// The inputs and roots of the reference tree of certificate-transparency (also transparency-dev/merkle, testonly).
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const expectedRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

describe('RFC 6962 tree hashes', () => {
  it('has the published root of the empty tree', () => {
    expect(Buffer.from(EMPTY_ROOT).toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  })

  it('has the published roots of sizes 0 to 8', () => {
    let frontier = EMPTY_FRONTIER
    const got = [hex(frontierRoot(frontier))]
    for (const input of inputs) {
      frontier = appendLeaf(frontier, leafHash(Buffer.from(input, 'hex')))
      got.push(hex(frontierRoot(frontier)))
    }
    expect(got).toEqual(expectedRoots)
  })

  it('appends to a frontier without changing it', () => {
    const before = roots[5]!
    const copy = before.hashes.map(hex)
    appendLeaf(before, all[5]!)
    expect(before.hashes.map(hex)).toEqual(copy)
  })

  it('gives the same root by frontier, right edge and definition, at every size to 600', () => {
    for (let n = 0; n <= 600; n++) {
      const root = hex(treeHash(all.slice(0, n)))
      expect(hex(frontierRoot(roots[n]!))).toBe(root)
      const { edge } = growEdge(EMPTY_EDGE, all.slice(0, n))
      expect(hex(edgeRoot(edge))).toBe(root)
      expect(edgeFrontier(edge).hashes.map(hex)).toEqual(roots[n]!.hashes.map(hex))
    }
  })
})

describe('proofs', () => {
  const pair = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.nat()).map(([n, i]) => ({ n, index: i % n }))

  it('shows any leaf of any tree, and nothing else', async () => {
    const damage = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 255 }), other: fc.nat() })
    await fc.assert(
      fc.asyncProperty(pair, damage, async ({ n, index }, { at, bit, other }) => {
        const root = frontierRoot(roots[n]!)
        const proof = await proveInclusion(index, n, read)
        expect(verifyInclusion(index, n, all[index]!, proof, root)).toBe(true)
        const wrongIndex = other % n
        if (wrongIndex !== index) {
          expect(verifyInclusion(wrongIndex, n, all[index]!, proof, root)).toBe(false)
          expect(verifyInclusion(index, n, all[wrongIndex]!, proof, root)).toBe(false)
        }
        expect(verifyInclusion(index, n, all[index]!, [...proof, root], root)).toBe(false)
        expect(verifyInclusion(index, n, all[index]!, proof, flip(root, bit))).toBe(false)
        if (proof.length === 0) return
        const bad = proof.map((hash, i) => (i === at % proof.length ? flip(hash, bit) : hash))
        expect(verifyInclusion(index, n, all[index]!, bad, root)).toBe(false)
        expect(verifyInclusion(index, n, all[index]!, proof.slice(1), root)).toBe(false)
        expect(verifyInclusion(index, n, all[index]!, proof.slice(0, -1), root)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('shows that any tree extends any earlier one, and no other history', async () => {
    const damage = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(size, size, damage, async (a, b, { at, bit }) => {
        const [m, n] = a < b ? [a, b] : [b, a]
        const [old, now] = [frontierRoot(roots[m]!), frontierRoot(roots[n]!)]
        const proof = await proveConsistency(m, n, read)
        expect(verifyConsistency(m, n, old, now, proof)).toBe(true)
        expect(verifyConsistency(m, n, flip(old, bit), now, proof)).toBe(false)
        if (m > 0) expect(verifyConsistency(m, n, old, flip(now, bit), proof)).toBe(false)
        expect(verifyConsistency(m, n, old, now, [...proof, now])).toBe(false)
        if (m < n) expect(verifyConsistency(n, m, now, old, proof)).toBe(false)
        if (proof.length === 0) return
        const bad = proof.map((hash, i) => (i === at % proof.length ? flip(hash, bit) : hash))
        expect(verifyConsistency(m, n, old, now, bad)).toBe(false)
        expect(verifyConsistency(m, n, old, now, proof.slice(0, -1))).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('refuses sizes and indices that are none', async () => {
    const root = frontierRoot(roots[4]!)
    expect(verifyInclusion(-1, 4, all[0]!, [], root)).toBe(false)
    expect(verifyInclusion(0.5, 4, all[0]!, [], root)).toBe(false)
    expect(verifyInclusion(4, 4, all[0]!, [], root)).toBe(false)
    await expect(proveInclusion(4, 4, read)).rejects.toMatchObject({ code: 'proof-invalid' })
    await expect(proveConsistency(5, 4, read)).rejects.toMatchObject({ code: 'proof-invalid' })
  })
})

describe('tiles of a growing tree', () => {
  it('are those that changedTiles names, and prove every leaf of the tree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 4 }), async (steps) => {
        const stored = new Map<string, Buffer>()
        const leaves = leavesOf(steps.reduce((a, b) => a + b, 0))
        let edge = EMPTY_EDGE
        for (const step of steps) {
          const grown = growEdge(edge, leaves.slice(edge.size, edge.size + step))
          expect(grown.tiles.map(pathOf)).toEqual([...changedTiles(edge.size, grown.edge.size)].map(pathOf))
          for (const tile of grown.tiles) stored.set(pathOf(tile), tile.bytes)
          edge = grown.edge
        }
        const n = leaves.length
        const load = (tile: Omit<Tile, 'bytes'>) => Promise.resolve(stored.get(pathOf(tile))!)
        const root = treeHash(leaves)
        expect(hex(edgeRoot(await readEdge(n, load)))).toBe(hex(root))
        for (const index of n === 0 ? [] : [0, n >> 1, n - 1]) {
          const proof = await proveInclusion(index, n, tileHashReader(n, load))
          expect(verifyInclusion(index, n, leaves[index]!, proof, root)).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })
})

const pathOf = ({ level, index, width }: Omit<Tile, 'bytes'>): string => tilePath(level, index, width)

function flip(hash: Hash, bit: number): Hash {
  const copy = Buffer.from(hash)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}
