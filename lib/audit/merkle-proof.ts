import { AuditFormatError } from './format-error.ts'
import { EMPTY_ROOT, HASH_BYTES, assertSize, foldRight, nodeHash, sameHash, type Hash } from './merkle.ts'

/** A perfect subtree: 2^height leaves from index · 2^height on. */
export type NodeId = { readonly height: number; readonly index: number }

/** Answers with the hashes of perfect subtrees, in the order asked. */
export type HashReader = (nodes: readonly NodeId[]) => Promise<readonly Hash[]> | readonly Hash[]

/**
 * The inclusion proof of leaf `index` in the tree of `size` leaves (RFC 9162 §2.1.3.1), from the leaf's sibling up.
 * Reads O(log² size) hashes in one call.
 */
export async function proveInclusion(index: number, size: number, read: HashReader): Promise<Hash[]> {
  if (assertSize(index) >= assertSize(size))
    throw new AuditFormatError('proof-invalid', `leaf ${index} is not in a tree of ${size}`)
  const ranges: Range[] = []
  let lo = 0
  let hi = size
  while (hi - lo > 1) {
    const middle = lo + splitPoint(hi - lo)
    ranges.push(index < middle ? { lo: middle, hi } : { lo, hi: middle })
    if (index < middle) hi = middle
    else lo = middle
  }
  return hashRanges(ranges.reverse(), read)
}

/**
 * The proof that the tree of `size` extends the tree of `earlier` (RFC 9162 §2.1.4.1). Empty when they are equal or the
 * earlier one is empty: every log extends the empty log.
 */
export async function proveConsistency(earlier: number, size: number, read: HashReader): Promise<Hash[]> {
  if (assertSize(earlier) > assertSize(size))
    throw new AuditFormatError('proof-invalid', `a tree of ${size} cannot extend a larger one of ${earlier}`)
  if (earlier === 0 || earlier === size) return []
  const ranges: Range[] = []
  let lo = 0
  let hi = size
  while (hi !== earlier) {
    const middle = lo + splitPoint(hi - lo)
    ranges.push(earlier <= middle ? { lo: middle, hi } : { lo, hi: middle })
    if (earlier <= middle) hi = middle
    else lo = middle
  }
  // SUBPROOF(m, D[m], b): the verifier knows the subtree's hash only when it is the whole earlier tree.
  if (lo > 0) ranges.push({ lo, hi })
  return hashRanges(ranges.reverse(), read)
}

/** RFC 9162 §2.1.3.2. True only if the proof leads from this leaf hash at this index to this root, with nothing left over. */
export function verifyInclusion(index: number, size: number, leaf: Hash, proof: readonly Hash[], root: Hash): boolean {
  if (!isIndex(index) || !isIndex(size) || index >= size || !allHashes([leaf, root, ...proof])) return false
  let position = index
  let last = size - 1
  let computed = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      computed = nodeHash(sibling, computed)
      while (position % 2 === 0 && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      computed = nodeHash(computed, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && sameHash(computed, root)
}

/** RFC 9162 §2.1.4.2, with the cases of an empty and of an equal tree, for which the proof must be empty. */
export function verifyConsistency(
  earlier: number,
  size: number,
  earlierRoot: Hash,
  root: Hash,
  proof: readonly Hash[],
): boolean {
  if (!isIndex(earlier) || !isIndex(size) || earlier > size || !allHashes([earlierRoot, root, ...proof])) return false
  if (earlier === size) return proof.length === 0 && sameHash(earlierRoot, root)
  if (earlier === 0) return proof.length === 0 && sameHash(earlierRoot, EMPTY_ROOT)
  const path = isPowerOfTwo(earlier) ? [earlierRoot, ...proof] : proof
  return walkConsistency(earlier - 1, size - 1, earlierRoot, root, path)
}

function walkConsistency(from: number, to: number, earlierRoot: Hash, root: Hash, path: readonly Hash[]): boolean {
  const [first, ...rest] = path
  if (first === undefined) return false
  let [position, last] = [from, to]
  while (position % 2 === 1) [position, last] = [half(position), half(last)]
  let old = first
  let now = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      old = nodeHash(sibling, old)
      now = nodeHash(sibling, now)
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)]
    } else {
      now = nodeHash(now, sibling)
    }
    ;[position, last] = [half(position), half(last)]
  }
  return last === 0 && sameHash(old, earlierRoot) && sameHash(now, root)
}

type Range = { readonly lo: number; readonly hi: number }

/** The root over each range; every range starts at a multiple of a power of two that is at least as long. */
async function hashRanges(ranges: readonly Range[], read: HashReader): Promise<Hash[]> {
  const parts = ranges.map(perfectSubtrees)
  const wanted = parts.flat()
  const hashes = wanted.length === 0 ? [] : await read(wanted)
  if (hashes.length !== wanted.length || !allHashes(hashes))
    throw new AuditFormatError('malformed', `hash reader answered ${hashes.length} hashes for ${wanted.length} nodes`)
  let next = 0
  return parts.map((nodes) => foldRight(hashes.slice(next, (next += nodes.length))))
}

/** A range cut into perfect subtrees, largest first. */
function perfectSubtrees({ lo, hi }: Range): NodeId[] {
  const nodes: NodeId[] = []
  for (let start = lo; start < hi;) {
    const height = Math.floor(Math.log2(hi - start))
    // Math.log2 may round up just below a power of two when the length passes 2^48.
    const exact = 2 ** height > hi - start ? height - 1 : height
    nodes.push({ height: exact, index: start / 2 ** exact })
    start += 2 ** exact
  }
  return nodes
}

/** The largest power of two that is smaller than n; n ≥ 2. */
function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

const half = (n: number): number => Math.floor(n / 2)
const isIndex = (n: number): boolean => Number.isSafeInteger(n) && n >= 0
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n)) && 2 ** Math.log2(n) === n
const allHashes = (hashes: readonly Hash[]): boolean => hashes.every((hash) => hash.length === HASH_BYTES)
