import type { Reader } from '#lib/platform/db/schema.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { saltedDigest } from './canonical.ts'
import { StoredContent } from './content.ts'
import { AuditFormatError } from './format-error.ts'
import { parseLeaf } from './leaf.ts'
import { leafHash, sameHash, type Hash } from './merkle.ts'
import { selectSwept, type SweptLeaf } from './queries-publish.ts'
import { edgeRoot, perfectRoot, readEdge, tileHashes } from './right-edge.ts'
import { readTileBytes } from './tile-store.ts'
import { TILE_WIDTH, tileWidth } from './tiles.ts'

/** What is wrong, by what it is wrong with; the empty map says that all was right. */
export type Mismatches = ReadonlyMap<string, string>

/**
 * Holds the entries, details, leaves and tiles of one bundle against each other: each detail gives the digest in its row, the
 * row gives the leaf, the leaves give the tile, a tile that is full gives the hash in the tile above, all the way up.
 */
export async function sweepBundle(db: Reader, size: number, bundle: number): Promise<Mismatches> {
  const found = new Map<string, string>()
  const width = tileWidth(size, 0, bundle)
  const first = bundle * TILE_WIDTH
  const rows = await selectSwept(db, first, first + width)
  if (rows.length !== width)
    found.set(`bundle:${bundle}`, `${width - rows.length} of the leaves from ${first} to ${first + width - 1} are gone`)
  const tile = await hashesOf(db, { level: 0, index: bundle, width })
  for (const row of rows) {
    const wrong = leafFault(row, tile?.[Number(row.index) - first])
    if (wrong !== undefined) found.set(`leaf:${row.index}`, `entry ${row.entryId} (leaf ${row.index}): ${wrong}`)
  }
  if (!tile) found.set(`tile:0/${bundle}`, `tile 0/${bundle} cannot be read`)
  for (const [key, text] of await sweepUpwards(db, size, bundle)) found.set(key, text)
  return found
}

/** The signed root against the right edge of the tiles. */
export async function sweepHead(db: Reader, head: { size: number; root: string }): Promise<Mismatches> {
  try {
    const root = edgeRoot(await readEdge(head.size, (tile) => readTileBytes(db, tile)))
    if (sameHash(root, Buffer.from(head.root, 'base64'))) return new Map()
  } catch (error) {
    if (!(error instanceof AuditFormatError) && !isProblem(error, 'not-found')) throw error
  }
  return new Map([['head', `the tiles do not lead to the root that was signed for ${head.size} entries`]])
}

function leafFault(row: SweptLeaf, committed: Hash | undefined): string | undefined {
  if (committed !== undefined && !sameHash(leafHash(row.leaf), committed)) return 'the leaf is not the one in the tile'
  try {
    const leaf = parseLeaf(row.leaf)
    if (leaf.id !== row.entryId || leaf.digest !== row.digest) return 'its row was changed after it got its place'
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    return error.message
  }
  return detailFault(row)
}

// What was erased is not judged: its digest stays, and that it was erased is an entry of its own.
function detailFault(row: SweptLeaf): string | undefined {
  if (row.content === null) return undefined
  try {
    const content: unknown = JSON.parse(row.content)
    if (saltedDigest(Buffer.from(row.salt, 'base64'), content) !== row.digest) return 'what it says was changed'
    if (row.person === null) return undefined
    const person: unknown = JSON.parse(row.person)
    const named = StoredContent.safeParse(content).data?.actor.person
    if (saltedDigest(Buffer.from(row.personSalt ?? '', 'base64'), person) !== named) return 'who it was was changed'
  } catch (error) {
    if (!(error instanceof AuditFormatError) && !(error instanceof SyntaxError)) throw error
    return 'what it says cannot be read'
  }
  return undefined
}

async function sweepUpwards(db: Reader, size: number, bundle: number): Promise<Mismatches> {
  const found = new Map<string, string>()
  let index = bundle
  for (let level = 0; level < 7; level++) {
    if (tileWidth(size, level, index) < TILE_WIDTH) return found
    const parent = Math.floor(index / TILE_WIDTH)
    const [mine, above] = [
      await hashesOf(db, { level, index, width: TILE_WIDTH }),
      await hashesOf(db, { level: level + 1, index: parent, width: tileWidth(size, level + 1, parent) }),
    ]
    const expected = above?.[index % TILE_WIDTH]
    if (!mine || !expected || !sameHash(perfectRoot(mine), expected))
      found.set(`tile:${level}/${index}`, `tile ${level}/${index} does not give its hash in the tile above`)
    // A tile above is judged once, when its last child is.
    if (index % TILE_WIDTH !== TILE_WIDTH - 1) return found
    index = parent
  }
  return found
}

async function hashesOf(
  db: Reader,
  tile: { level: number; index: number; width: number },
): Promise<Hash[] | undefined> {
  try {
    return tileHashes(await readTileBytes(db, tile), tile.width)
  } catch (error) {
    if (error instanceof AuditFormatError || isProblem(error, 'not-found')) return undefined
    throw error
  }
}
