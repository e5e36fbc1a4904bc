import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { HASH_BYTES } from './merkle.ts'
import type { TileRef } from './tiles.ts'

/**
 * The bytes of a tile. A partial tile is a prefix of the wider one that has followed it, so every partial tile that was
 * ever published can still be read. @throws `not-found` when the log has not grown that far.
 */
export async function readTileBytes(db: Reader, tile: TileRef): Promise<Buffer> {
  const row = await db
    .selectFrom('audit_tile')
    .select('hashes')
    .where('level', '=', tile.level)
    .where('index', '=', BigInt(tile.index))
    .executeTakeFirst()
  const length = tile.width * HASH_BYTES
  if (!row || row.hashes.length < length) throw problem('not-found', 'The log has no such tile.')
  return row.hashes.subarray(0, length)
}

/** The leaves of entry bundle `index`, the first `width` of them. @throws `not-found` as above. */
export async function readBundleLeaves(db: Reader, index: number, width: number): Promise<Buffer[]> {
  const from = BigInt(index) * 256n
  const rows = await db
    .selectFrom('audit_leaf')
    .select('leaf')
    .where('index', '>=', from)
    .where('index', '<', from + BigInt(width))
    .orderBy('index')
    .execute()
  if (rows.length < width) throw problem('not-found', 'The log has no such entry bundle.')
  return rows.map((r) => r.leaf)
}
