import { decodeBase64 } from './base64.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { AuditFormatError } from './format-error.ts'
import { HASH_BYTES, assertSize, leafHash, type Hash } from './merkle.ts'
import { verifyInclusion } from './merkle-proof.ts'
import type { NoteVerifier } from './note-key.ts'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
/** An inclusion proof in a tree of fewer than 2^53 leaves has at most 53 hashes. */
const HASHES_MAX = 53
const PROOF_BYTES_MAX = 2_000_000

/**
 * An offline receipt that an entry is in the log (C2SP tlog-proof). `checkpoint` is the signed note, verbatim.
 * `extra` is opaque and not authenticated: nothing may be believed because of it.
 */
export type LogProof = {
  readonly extra?: Uint8Array
  readonly index: number
  readonly hashes: readonly Hash[]
  readonly checkpoint: string
}

/** The receipt's text; its file is named `*.tlog-proof`. */
export function encodeProof(proof: LogProof): string {
  assertSize(proof.index)
  if (proof.hashes.length > HASHES_MAX || proof.hashes.some((hash) => hash.length !== HASH_BYTES))
    throw new AuditFormatError('malformed', `an inclusion proof has at most ${HASHES_MAX} hashes of 32 bytes`)
  const extra = proof.extra === undefined ? [] : [`extra ${base64(proof.extra)}`]
  return [FIRST_LINE, ...extra, `index ${proof.index}`, ...proof.hashes.map(base64), '', proof.checkpoint].join('\n')
}

/** Reads a receipt without believing it. Throws `AuditFormatError` code `malformed` or `too-large`. */
export function parseProof(text: string): LogProof {
  if (text.length > PROOF_BYTES_MAX) throw new AuditFormatError('too-large', 'proof is too large')
  const cut = text.indexOf('\n\n')
  if (cut < 0) throw new AuditFormatError('malformed', 'proof has no blank line before its checkpoint')
  const lines = text.slice(0, cut).split('\n')
  if (lines.shift() !== FIRST_LINE) throw new AuditFormatError('malformed', `proof does not start with ${FIRST_LINE}`)
  const extra = lines[0]?.startsWith('extra ') ? decodeExtra(lines.shift() ?? '') : undefined
  const index = parseIndex(lines.shift() ?? '')
  if (lines.length > HASHES_MAX) throw new AuditFormatError('malformed', `proof has more than ${HASHES_MAX} hashes`)
  const hashes = lines.map((line) => decodeHash(line))
  return { ...(extra === undefined ? {} : { extra }), index, hashes, checkpoint: text.slice(cut + 2) }
}

/**
 * Believes a receipt only if a trusted key signed its checkpoint and the proof leads from `entry` (the leaf's bytes, held
 * by whoever asks) to the checkpoint's root. Throws `AuditFormatError`: `malformed`, `signature-invalid`, `proof-invalid`.
 */
export function verifyProof(
  text: string,
  entry: Uint8Array,
  verifiers: readonly NoteVerifier[],
): { index: number; checkpoint: Checkpoint } {
  const { index, hashes, checkpoint: note } = parseProof(text)
  const { checkpoint } = openCheckpoint(note, verifiers)
  if (!verifyInclusion(index, checkpoint.size, leafHash(entry), hashes, checkpoint.root))
    throw new AuditFormatError('proof-invalid', `this entry is not shown to be leaf ${index} of ${checkpoint.origin}`)
  return { index, checkpoint }
}

function decodeExtra(line: string): Buffer {
  const encoded = line.slice('extra '.length)
  return encoded === '' ? Buffer.alloc(0) : decodeBase64(encoded, 'extra data')
}

function parseIndex(line: string): number {
  const match = /^index (0|[1-9]\d{0,15})$/.exec(line)
  if (match === null) throw new AuditFormatError('malformed', 'proof has no line "index N"')
  return assertSize(Number(match[1]))
}

function decodeHash(line: string): Buffer {
  const bytes = decodeBase64(line, 'proof hash')
  if (bytes.length !== HASH_BYTES) throw new AuditFormatError('malformed', 'a proof hash has 32 bytes')
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
