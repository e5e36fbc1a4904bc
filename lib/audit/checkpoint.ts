import { decodeBase64 } from './base64.ts'
import { AuditFormatError } from './format-error.ts'
import { EMPTY_ROOT, HASH_BYTES, assertSize, sameHash, type Hash } from './merkle.ts'
import { verifyConsistency } from './merkle-proof.ts'
import type { NoteSigner, NoteVerifier } from './note-key.ts'
import { openNote, signNote, type OpenNote } from './signed-note.ts'

/** A log's head: who, how many entries, and the root over them (C2SP tlog-checkpoint v1.0.0). */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Hash }

/** What the log signed last, or the statement that it has signed nothing yet. */
export type Previous = { readonly checkpoint: Checkpoint; readonly proof: readonly Hash[] } | 'nothing-signed-yet'

/**
 * Signs `next` only if it extends what was signed before: same origin, and `proof` leads from the previous root to the next
 * one. Throws `AuditFormatError` code `inconsistent` otherwise. A log that has signed two checkpoints that do not
 * extend each other can never be believed again, so this is the only way to sign one.
 */
export function signCheckpoint(next: Checkpoint, previous: Previous, signers: readonly NoteSigner[]): string {
  if (previous !== 'nothing-signed-yet') assertExtends(previous.checkpoint, next, previous.proof)
  if (!signers.some(({ name }) => name === next.origin))
    throw new AuditFormatError('key-invalid', `no signing key is named as the origin, ${next.origin}`)
  return signNote(encodeCheckpoint(next), signers)
}

/** Throws `AuditFormatError` code `inconsistent` unless `proof` shows that `next` extends `earlier`. */
export function assertExtends(earlier: Checkpoint, next: Checkpoint, proof: readonly Hash[]): void {
  if (earlier.origin !== next.origin)
    throw new AuditFormatError('inconsistent', `checkpoint is of ${next.origin}, the earlier one of ${earlier.origin}`)
  if (!verifyConsistency(earlier.size, next.size, earlier.root, next.root, proof))
    throw new AuditFormatError(
      'inconsistent',
      `the log of ${next.size} entries is not shown to extend the one of ${earlier.size}: do not sign it, keep both`,
    )
}

/** The text of a checkpoint, without signatures and without extension lines. */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  assertOrigin(origin)
  if (root.length !== HASH_BYTES) throw new AuditFormatError('malformed', 'a root has 32 bytes')
  if (assertSize(size) === 0 && !sameHash(root, EMPTY_ROOT))
    throw new AuditFormatError('malformed', 'the root of the empty log is SHA-256 of nothing')
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
}

/** Reads the text of a checkpoint. Extension lines are refused: no log monitor could audit them, and ours writes none. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  const [origin = '', size = '', root = '', end] = lines
  if (lines.length !== 4 || end !== '')
    throw new AuditFormatError('malformed', 'a checkpoint is three lines: origin, size, root')
  if (!/^(0|[1-9]\d{0,15})$/.test(size)) throw new AuditFormatError('malformed', 'tree size is not a plain decimal')
  const checkpoint = { origin, size: Number(size), root: decodeBase64(root, 'root hash') }
  encodeCheckpoint(checkpoint)
  return checkpoint
}

/**
 * Verifies a signed checkpoint: a trusted key whose name is the checkpoint's origin has signed it, and no signature of a
 * trusted key is bad. Throws `AuditFormatError`.
 */
export function openCheckpoint(
  note: string | Uint8Array,
  verifiers: readonly NoteVerifier[],
): { checkpoint: Checkpoint; note: OpenNote } {
  const opened = openNote(note, verifiers)
  const checkpoint = parseCheckpoint(opened.text)
  if (!opened.verified.some(({ name }) => name === checkpoint.origin))
    throw new AuditFormatError('signature-invalid', `no key of the origin ${checkpoint.origin} has signed it`)
  return { checkpoint, note: opened }
}

function assertOrigin(origin: string): void {
  if (origin === '' || origin.includes('\n')) throw new AuditFormatError('malformed', 'an origin is one non-empty line')
}
