import { sign, verify, type KeyObject } from 'node:crypto'
import { decodeBase64 } from './base64.ts'
import { AuditFormatError } from './format-error.ts'
import { assertKeyName, keyHint, type NoteSigner, type NoteVerifier } from './note-key.ts'

/** The spec asks for at least 16; more than this is a way to keep a verifier busy. */
export const SIGNATURES_MAX = 100
const NOTE_BYTES_MAX = 1_000_000
const SIGNATURE_PREFIX = '— '

/** A signature line, taken apart. `keyId` is 8 hex digits. */
export type NoteSignature = { readonly name: string; readonly keyId: string; readonly signature: Buffer }

/** A note whose text is vouched for by every key in `verified` (at least one). `unknown` was ignored, as the spec demands. */
export type OpenNote = {
  readonly text: string
  readonly verified: readonly NoteVerifier[]
  readonly unknown: readonly NoteSignature[]
}

/**
 * Signs a text (which ends with a newline) by each key in turn: C2SP signed-note v1.0.0, Ed25519 (type 0x01).
 * The result is the note's UTF-8 text.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (signers.length === 0 || signers.length > SIGNATURES_MAX)
    throw new AuditFormatError('key-invalid', `a note is signed by 1 to ${SIGNATURES_MAX} keys`)
  assertText(text)
  const lines = signers.map((signer) => signatureLine(signer, sign(null, Buffer.from(text, 'utf8'), signer.privateKey)))
  return `${text}\n${lines.join('')}`
}

/** Adds signatures to a note that others have signed already, leaving theirs as they are. */
export function addSignatures(note: string, signers: readonly NoteSigner[]): string {
  const { text, signatures } = splitNote(note)
  const held = signatures.map((known) => noteLine(known.name, known.keyId, known.signature)).join('')
  const added = signNote(text, signers).slice(text.length + 1)
  return `${text}\n${held}${added}`
}

/**
 * Opens a note: every signature of a known key (same name and key id) must verify, and there must be at least one;
 * signatures of unknown keys are ignored. Throws `AuditFormatError`: `malformed`, `too-large` or `signature-invalid`.
 */
export function openNote(note: string | Uint8Array, verifiers: readonly NoteVerifier[]): OpenNote {
  const { text, signatures } = splitNote(note)
  const message = Buffer.from(text, 'utf8')
  const verified = new Set<NoteVerifier>()
  const unknown: NoteSignature[] = []
  for (const signature of signatures) {
    const known = verifiers.filter(({ name, keyId }) => name === signature.name && keyId === signature.keyId)
    if (known.length === 0) unknown.push(signature)
    for (const verifier of known) {
      if (!verifies(message, verifier.publicKey, signature.signature))
        throw new AuditFormatError('signature-invalid', `the signature of ${signature.name} does not fit the text`)
      verified.add(verifier)
    }
  }
  if (verified.size === 0)
    throw new AuditFormatError('signature-invalid', `no trusted key has signed this note (${signerNames(signatures)})`)
  return { text, verified: [...verified], unknown }
}

/** Takes a note apart without trusting anything in it. */
export function splitNote(note: string | Uint8Array): { text: string; signatures: NoteSignature[] } {
  const whole = noteText(note)
  const cut = whole.lastIndexOf('\n\n')
  if (cut < 0 || !whole.endsWith('\n'))
    throw new AuditFormatError('malformed', 'note has no blank line before its signatures, or no newline at its end')
  const text = whole.slice(0, cut + 1)
  const block = whole.slice(cut + 2)
  if (block === '') throw new AuditFormatError('malformed', 'note has no signatures')
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > SIGNATURES_MAX)
    throw new AuditFormatError('too-large', `note has more than ${SIGNATURES_MAX} signatures`)
  return { text, signatures: lines.map(parseSignatureLine) }
}

function noteText(note: string | Uint8Array): string {
  const bytes = typeof note === 'string' ? Buffer.from(note, 'utf8') : note
  if (bytes.length > NOTE_BYTES_MAX)
    throw new AuditFormatError('too-large', `note has ${bytes.length} bytes, at most ${NOTE_BYTES_MAX} are read`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new AuditFormatError('malformed', 'note is not UTF-8', { cause })
  }
  if (typeof note === 'string' && text !== note)
    throw new AuditFormatError('malformed', 'note has half of a surrogate pair')
  assertNoControls(text)
  return text
}

function assertText(text: string): void {
  if (!text.endsWith('\n')) throw new AuditFormatError('malformed', 'the text of a note ends with a newline')
  if (!text.isWellFormed()) throw new AuditFormatError('malformed', 'note has half of a surrogate pair')
  assertNoControls(text)
}

function assertNoControls(text: string): void {
  // oxlint-disable-next-line no-control-regex -- the spec forbids exactly these characters
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text))
    throw new AuditFormatError('malformed', 'note has a control character other than newline')
}

function parseSignatureLine(line: string): NoteSignature {
  const match = /^— (\S+) (\S+)$/u.exec(line)
  const [, name, encoded] = match ?? []
  if (name === undefined || encoded === undefined)
    throw new AuditFormatError('malformed', 'signature line is not "— name base64"')
  assertKeyName(name)
  const bytes = decodeBase64(encoded, 'signature')
  if (bytes.length < 5) throw new AuditFormatError('malformed', `signature of ${name} is too short`)
  return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) }
}

function signatureLine(signer: NoteSigner, signature: Buffer): string {
  return noteLine(signer.name, signer.keyId, signature)
}

function noteLine(name: string, keyId: string, signature: Buffer): string {
  return `${SIGNATURE_PREFIX}${name} ${Buffer.concat([keyHint(keyId), signature]).toString('base64')}\n`
}

function verifies(message: Buffer, key: KeyObject, signature: Buffer): boolean {
  return signature.length === 64 && verify(null, message, key, signature)
}

function signerNames(signatures: readonly NoteSignature[]): string {
  return `it bears ${signatures.map(({ name, keyId }) => `${name}+${keyId}`).join(', ')}`
}
