import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { readBundleLeaves, readTileBytes } from './tile-store.ts'
import { encodeBundle, parseLogPath } from './tiles.ts'

/** The newest signed checkpoint, a C2SP signed note. @throws `not-found` before the first one */
export async function readCheckpointNote(db: Reader): Promise<string> {
  const row = await db.selectFrom('audit_checkpoint').select('note').orderBy('size', 'desc').limit(1).executeTakeFirst()
  if (!row) throw problem('not-found', 'The log has no checkpoint yet: nothing was recorded.')
  return row.note
}

/**
 * The bytes behind a path of the published log, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles).
 * A partial tile stays readable after it has grown. @throws `not-found` for what is no path or is not there yet
 */
export async function readLogPath(db: Reader, path: string): Promise<Buffer> {
  const place = parseLogPath(path)
  if (!place) throw problem('not-found', 'The log has no such path.')
  return place.kind === 'tile'
    ? readTileBytes(db, place)
    : encodeBundle(await readBundleLeaves(db, place.index, place.width))
}
