import { AuditFormatError } from './format-error.ts'
import { EMPTY_ROOT, HASH_BYTES, assertSize, foldRight, nodeHash, type Frontier, type Hash } from './merkle.ts'
import type { HashReader, NodeId } from './merkle-proof.ts'
import { TILE_WIDTH, levelCount, tileWidth, type TileRef } from './tiles.ts'

/**
 * A log's growing side: for each level the hashes of its partial tile (fewer than 256; none when the level's last tile is
 * full). It is all that is needed to append, and it is exactly what the partial tiles on disk hold.
 */
export type RightEdge = { readonly size: number; readonly levels: readonly (readonly Hash[])[] }

export type Tile = TileRef & { readonly bytes: Buffer }

export const EMPTY_EDGE: RightEdge = { size: 0, levels: [] }

/**
 * Appends leaf hashes: the new edge, and every tile that is new or became wider (full tiles first seen, then the partial
 * ones), in order of level and index. The argument stays as it was.
 */
export function growEdge(edge: RightEdge, leaves: readonly Hash[]): { edge: RightEdge; tiles: Tile[] } {
  const size = assertSize(edge.size + leaves.length)
  const tiles: Tile[] = []
  const levels: Hash[][] = []
  let added: readonly Hash[] = leaves
  for (let level = 0; level < edge.levels.length || added.length > 0; level++) {
    const below = Math.floor(edge.size / TILE_WIDTH ** level)
    let index = Math.floor(below / TILE_WIDTH)
    let open = [...(edge.levels[level] ?? [])]
    const parents: Hash[] = []
    for (const hash of added) {
      open.push(hash)
      if (open.length < TILE_WIDTH) continue
      tiles.push({ level, index, width: TILE_WIDTH, bytes: Buffer.concat(open) })
      parents.push(perfectRoot(open))
      open = []
      index++
    }
    if (added.length > 0 && open.length > 0)
      tiles.push({ level, index, width: open.length, bytes: Buffer.concat(open) })
    levels.push(open)
    added = parents
  }
  return { edge: { size, levels }, tiles }
}

/** The same tree as a frontier: the roots of its perfect subtrees, largest first. */
export function edgeFrontier(edge: RightEdge): Frontier {
  const hashes: Hash[] = []
  for (let level = edge.levels.length - 1; level >= 0; level--) {
    const open = edge.levels[level] ?? []
    let at = 0
    for (let length = TILE_WIDTH / 2; length >= 1; length /= 2) {
      if (Math.floor(open.length / length) % 2 === 0) continue
      hashes.push(perfectRoot(open.slice(at, at + length)))
      at += length
    }
  }
  return { size: edge.size, hashes }
}

/** The root hash of the log whose right edge this is. */
export function edgeRoot(edge: RightEdge): Hash {
  const { hashes } = edgeFrontier(edge)
  return hashes.length === 0 ? EMPTY_ROOT : foldRight(hashes)
}

/** The partial tiles that hold the right edge of a tree of `size`, lowest level first; at most one for each level. */
export function edgeTiles(size: number): TileRef[] {
  const refs: TileRef[] = []
  for (let level = 0; level < levelCount(size); level++) {
    const index = Math.floor(size / TILE_WIDTH ** (level + 1))
    const width = tileWidth(size, level, index)
    if (width > 0) refs.push({ level, index, width })
  }
  return refs
}

/** The right edge of a tree of `size`, from the bytes of its partial tiles (as `edgeTiles` lists them). */
export async function readEdge(size: number, readTile: (tile: TileRef) => Promise<Uint8Array>): Promise<RightEdge> {
  const levels: Hash[][] = Array.from({ length: levelCount(size) }, () => [])
  for (const ref of edgeTiles(size)) levels[ref.level] = tileHashes(await readTile(ref), ref.width)
  return { size, levels }
}

/**
 * A reader of subtree hashes, for proofs, over the tiles of a tree of `size`. Each tile is asked for once in a call; a hash
 * between two tile levels is computed from the tile below it.
 */
export function tileHashReader(size: number, readTile: (tile: TileRef) => Promise<Uint8Array>): HashReader {
  return async (nodes) => {
    const seen = new Map<string, Promise<Hash[]>>()
    const load = ({ level, index }: { level: number; index: number }): Promise<Hash[]> => {
      const key = `${level}/${index}`
      const width = tileWidth(size, level, index)
      const hashes = seen.get(key) ?? readTile({ level, index, width }).then((bytes) => tileHashes(bytes, width))
      seen.set(key, hashes)
      return hashes
    }
    return Promise.all(nodes.map(async (node) => nodeInTile(node, await load(tileOf(node)))))
  }
}

/** The hashes of a tile; refuses bytes whose number is not 32 · width. */
export function tileHashes(bytes: Uint8Array, width: number): Hash[] {
  if (bytes.length !== width * HASH_BYTES)
    throw new AuditFormatError('malformed', `a tile of ${width} hashes has ${width * 32} bytes, not ${bytes.length}`)
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

/** The root over 2^k hashes. */
export function perfectRoot(hashes: readonly Hash[]): Hash {
  let row: readonly Hash[] = hashes
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i] as Hash, row[2 * i + 1] as Hash))
  return row[0] as Hash
}

function tileOf({ height, index }: NodeId): { level: number; index: number } {
  const level = Math.floor(height / 8)
  return { level, index: Math.floor((index * 2 ** (height % 8)) / TILE_WIDTH) }
}

function nodeInTile({ height, index }: NodeId, hashes: readonly Hash[]): Hash {
  const span = 2 ** (height % 8)
  const start = (index * span) % TILE_WIDTH
  if (start + span > hashes.length)
    throw new AuditFormatError('malformed', `tile is too narrow for the subtree of height ${height} at ${index}`)
  return perfectRoot(hashes.slice(start, start + span))
}
