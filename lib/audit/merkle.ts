import { hash } from 'node:crypto'
import { AuditFormatError } from './format-error.ts'

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array

export const HASH_BYTES = 32

/** MTH of the empty tree: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Hash = hash('sha256', Buffer.alloc(0), 'buffer')

/** RFC 6962 §2.1: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Hash {
  const framed = Buffer.allocUnsafe(entry.length + 1)
  framed[0] = 0
  framed.set(entry, 1)
  return hash('sha256', framed, 'buffer')
}

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  // One shared buffer: hashing is synchronous, so no two calls can meet in it.
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return hash('sha256', nodeInput, 'buffer')
}

const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, 1)

/**
 * A tree that can grow: its size and the roots of the perfect subtrees on its right edge, largest first
 * (one for each 1 in the binary form of the size). Sizes and indices are safe integers throughout: a log of one entry a
 * microsecond needs 285 years to pass 2⁵³.
 */
export type Frontier = { readonly size: number; readonly hashes: readonly Hash[] }

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] }

/** The frontier after one more leaf; the argument stays as it was. */
export function appendLeaf(frontier: Frontier, leaf: Hash): Frontier {
  const hashes = [...frontier.hashes]
  let carry = leaf
  // As a binary counter: each trailing 1 of the size is a subtree that merges with the new one.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = hashes.pop()
    if (left === undefined) throw new AuditFormatError('malformed', 'frontier has fewer hashes than its size needs')
    carry = nodeHash(left, carry)
  }
  hashes.push(carry)
  return { size: assertSize(frontier.size + 1), hashes }
}

/** The root of the tree that a frontier stands for. */
export function frontierRoot(frontier: Frontier): Hash {
  return frontier.hashes.length === 0 ? EMPTY_ROOT : foldRight(frontier.hashes)
}

/** Joins neighbouring subtrees, largest first, into one root: h₀ ∘ (h₁ ∘ (h₂ …)). At least one hash. */
export function foldRight(hashes: readonly Hash[]): Hash {
  const last = hashes.at(-1)
  if (last === undefined) throw new AuditFormatError('malformed', 'no hashes to join')
  let root = last
  for (let i = hashes.length - 2; i >= 0; i--) root = nodeHash(hashes[i] as Hash, root)
  return root
}

/** Refuses what is no size or index of a log. */
export function assertSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new AuditFormatError('malformed', `${size} is no tree size: it must be an integer from 0 to 2^53 - 1`)
  return size
}

/** Equal in every byte. Hashes are public: no constant time is needed. */
export function sameHash(a: Hash, b: Hash): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.length).equals(b)
}
