import type { Reader } from '#lib/platform/db/schema.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { openCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { AuditFormatError } from './format-error.ts'
import { proveConsistency, verifyConsistency } from './merkle-proof.ts'
import { parseVerifierKey } from './note-key.ts'
import { tileHashReader } from './right-edge.ts'
import { splitNote } from './signed-note.ts'
import { readTileBytes } from './tile-store.ts'

/** What stands outside, what we remember having published there, and the head of the log that is to extend it. */
export type Comparison = {
  /** The signed note as it was read back; undefined where there is none. */
  outside: string | undefined
  /** The note that was published there last; null before the first time. */
  recorded: string | null
  head: string
  vkey: string
}

export type Verdict =
  /** The log extends what stands outside, which has this size; 0 where nothing stands there yet. */
  { extends: true; size: number } | { extends: false; because: string }

/**
 * Whether this log extends the checkpoint that stands outside, by the key that signed it and by a consistency proof over our
 * own tiles (RFC 9162 §2.1.4). Total: whatever stands outside gives a verdict.
 */
export async function comparePublished(db: Reader, { outside, recorded, head, vkey }: Comparison): Promise<Verdict> {
  const now = parseCheckpoint(splitNote(head).text)
  const before = recorded === null ? undefined : parseCheckpoint(splitNote(recorded).text)
  if (outside === undefined) {
    return before
      ? no(`it holds no checkpoint any more, and ${before.size} entries were published there`)
      : { extends: true, size: 0 }
  }
  let there: Checkpoint
  try {
    there = openCheckpoint(outside, [parseVerifierKey(vkey)]).checkpoint
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    return no(`its checkpoint is not one that this log has signed: ${error.message}`)
  }
  if (there.origin !== now.origin) return no(`its checkpoint is of ${there.origin}, this log is ${now.origin}`)
  if (before && there.size < before.size)
    return no(
      `it holds a checkpoint of ${there.size} entries, and ${before.size} were published there: it was taken back`,
    )
  if (there.size > now.size)
    return no(
      `it holds a checkpoint of ${there.size} entries, and this database has ${now.size}: entries were taken away, or an older copy was restored`,
    )
  return (await isExtended(db, there, now))
    ? { extends: true, size: there.size }
    : no(`the first ${there.size} entries are not those that were published there: history was rewritten`)
}

async function isExtended(db: Reader, earlier: Checkpoint, now: Checkpoint): Promise<boolean> {
  try {
    const read = tileHashReader(now.size, (tile) => readTileBytes(db, tile))
    const proof = await proveConsistency(earlier.size, now.size, read)
    return verifyConsistency(earlier.size, now.size, earlier.root, now.root, proof)
  } catch (error) {
    // Tiles that are gone or torn lead to no root.
    if (error instanceof AuditFormatError || isProblem(error, 'not-found')) return false
    throw error
  }
}

function no(because: string): Verdict {
  return { extends: false, because }
}
