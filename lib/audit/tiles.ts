import { LEAF_BYTES_MAX } from './canonical.ts'
import { AuditFormatError } from './format-error.ts'
import { assertSize } from './merkle.ts'

/** Hashes in a full tile, entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256

/** A tile of hashes; `width` 256 is a full tile, 1–255 a partial one. */
export type TileRef = { readonly level: number; readonly index: number; readonly width: number }

/** A bundle of entries; it covers the same leaves as the level-0 tile of the same index and width. */
export type BundleRef = { readonly index: number; readonly width: number }

export type LogPath = ({ readonly kind: 'tile' } & TileRef) | ({ readonly kind: 'entries' } & BundleRef)

/** `tile/<L>/<N>[.p/<W>]`, relative to the log's prefix. */
export function tilePath(level: number, index: number, width: number): string {
  if (!Number.isInteger(level) || level < 0 || level > 63)
    throw new AuditFormatError('malformed', `tile level ${level} is not an integer from 0 to 63`)
  return `tile/${level}/${indexPath(index)}${partialSuffix(width)}`
}

/** `tile/entries/<N>[.p/<W>]`, relative to the log's prefix. */
export function bundlePath(index: number, width: number): string {
  return `tile/entries/${indexPath(index)}${partialSuffix(width)}`
}

/** Reads a path back; undefined unless it is exactly what `tilePath` or `bundlePath` writes. */
export function parseLogPath(path: string): LogPath | undefined {
  const match = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (match === null) return undefined
  const [, place, groups = '', partial] = match
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (!Number.isSafeInteger(index) || (partial !== undefined && width >= TILE_WIDTH)) return undefined
  const level = Number(place)
  if (place !== 'entries' && level > 63) return undefined
  // Groups such as x000/005 name a tile twice; only the shortest form is the path.
  if (indexPath(index) !== groups) return undefined
  return place === 'entries' ? { kind: 'entries', index, width } : { kind: 'tile', level, index, width }
}

/** The width of tile `index` of `level` in a tree of `size`: 0 when there is none, 256 when it is full. */
export function tileWidth(size: number, level: number, index: number): number {
  const hashes = Math.floor(assertSize(size) / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** The levels that have at least one tile in a tree of `size`. */
export function levelCount(size: number): number {
  let levels = 0
  for (let hashes = assertSize(size); hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) levels++
  return levels
}

/** The tiles to write when a tree grows from `before` to `after` leaves: the new ones, and those that became wider. */
export function* changedTiles(before: number, after: number): Generator<TileRef> {
  assertGrowth(before, after)
  for (let level = 0; level < levelCount(after); level++) {
    const hashesBefore = Math.floor(before / TILE_WIDTH ** level)
    const hashesAfter = Math.floor(after / TILE_WIDTH ** level)
    if (hashesBefore === hashesAfter) continue
    const last = Math.ceil(hashesAfter / TILE_WIDTH)
    for (let index = Math.floor(hashesBefore / TILE_WIDTH); index < last; index++)
      yield { level, index, width: tileWidth(after, level, index) }
  }
}

/** The entry bundles to write when a tree grows from `before` to `after` leaves. */
export function* changedBundles(before: number, after: number): Generator<BundleRef> {
  assertGrowth(before, after)
  if (before === after) return
  for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++)
    yield { index, width: tileWidth(after, 0, index) }
}

/** Frames 1–256 entries: each is uint16BE length ‖ entry. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0 || entries.length > TILE_WIDTH)
    throw new AuditFormatError('malformed', `a bundle has 1 to ${TILE_WIDTH} entries, not ${entries.length}`)
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    if (entry.length > LEAF_BYTES_MAX)
      throw new AuditFormatError('too-large', `an entry has ${entry.length} bytes; ${LEAF_BYTES_MAX} fit a bundle`)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    parts.push(length, entry)
  }
  return Buffer.concat(parts)
}

/** The entries of a bundle, as views into `bytes`; `width` must be exactly the number of entries that it holds. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.length) {
    if (entries.length === width) throw malformedBundle(`has bytes after its ${width} entries`, at)
    if (at + 2 > bytes.length) throw malformedBundle('ends within a length', at)
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) throw malformedBundle(`ends within entry ${entries.length}`, at)
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  if (entries.length !== width) throw malformedBundle(`has ${entries.length} entries where ${width} belong`, at)
  return entries
}

function indexPath(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new AuditFormatError('malformed', `tile index ${index} is not an integer from 0 to 2^53 - 1`)
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
}

function partialSuffix(width: number): string {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new AuditFormatError('malformed', `width ${width} is not an integer from 1 to ${TILE_WIDTH}`)
  return width === TILE_WIDTH ? '' : `.p/${width}`
}

function assertGrowth(before: number, after: number): void {
  if (assertSize(before) > assertSize(after))
    throw new AuditFormatError('inconsistent', `a log cannot shrink from ${before} to ${after} entries`)
}

function malformedBundle(what: string, at: number): AuditFormatError {
  return new AuditFormatError('malformed', `entry bundle ${what} (byte ${at})`)
}
