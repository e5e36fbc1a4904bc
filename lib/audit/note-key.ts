import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decodeBase64 } from './base64.ts'
import { AuditFormatError } from './format-error.ts'

/** Checks signatures of one key. `keyId` is 8 hex digits. */
export type NoteVerifier = { readonly name: string; readonly keyId: string; readonly publicKey: KeyObject }

/** Makes signatures; holds a secret, so never log it. */
export type NoteSigner = NoteVerifier & { readonly privateKey: KeyObject }

const ED25519 = 0x01
const RAW_KEY_BYTES = 32
const SIGNER_PREFIX = 'PRIVATE+KEY+'
// RFC 8410: the DER that stands before the 32 raw bytes in PKCS#8 and in SubjectPublicKeyInfo.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** A new Ed25519 key under a name (a schema-less URL such as `example.com/audit`), in the text forms below. */
export function generateNoteKey(name: string): { skey: string; vkey: string } {
  const { privateKey } = generateKeyPairSync('ed25519')
  const signer = noteSigner(name, privateKey)
  return { skey: encodeSignerKey(signer), vkey: encodeVerifierKey(signer) }
}

/** A signer over an Ed25519 private key from elsewhere (a PKCS#8 file, a derived seed). */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new AuditFormatError('key-invalid', 'the log is signed by an Ed25519 key')
  const publicKey = createPublicKey(privateKey)
  return { ...noteVerifier(name, publicKey), privateKey }
}

/** `<name>+<key id, 8 hex>+<base64(0x01 ‖ 32-byte public key)>`; spec: C2SP signed-note, golang.org/x/mod/sumdb/note. */
export function encodeVerifierKey(key: NoteVerifier): string {
  return `${key.name}+${key.keyId}+${typed(rawPublicKey(key.publicKey)).toString('base64')}`
}

/** Reads a verifier key; the key id must fit the name and key. Throws `AuditFormatError` code `key-invalid`. */
export function parseVerifierKey(vkey: string): NoteVerifier {
  const { name, keyId, raw } = parseKey(vkey.trim(), 'verifier key')
  const verifier = noteVerifier(name, publicKeyOf(raw))
  return withKeyId(verifier, keyId)
}

/** `PRIVATE+KEY+<name>+<key id, 8 hex>+<base64(0x01 ‖ 32-byte seed)>`, as golang.org/x/mod/sumdb/note writes it. */
export function encodeSignerKey(key: NoteSigner): string {
  const der = key.privateKey.export({ format: 'der', type: 'pkcs8' })
  return `${SIGNER_PREFIX}${key.name}+${key.keyId}+${typed(der.subarray(PKCS8_PREFIX.length)).toString('base64')}`
}

/** Reads a signer key. Messages never show any part of the key. */
export function parseSignerKey(skey: string): NoteSigner {
  const text = skey.trim()
  if (!text.startsWith(SIGNER_PREFIX))
    throw new AuditFormatError('key-invalid', `signer key does not start with ${SIGNER_PREFIX}`)
  const { name, keyId, raw } = parseKey(text.slice(SIGNER_PREFIX.length), 'signer key')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' })
  return withKeyId(noteSigner(name, privateKey), keyId)
}

/** Key names are not empty and have neither Unicode spaces nor a plus sign nor control characters. */
export function assertKeyName(name: string): void {
  // oxlint-disable-next-line no-control-regex -- a note may have no control characters
  if (name === '' || !name.isWellFormed() || /[\s\u0085+\u0000-\u001f]/u.test(name))
    throw new AuditFormatError('key-invalid', 'a key name is not empty and has no spaces, plus or control characters')
}

/** The four bytes that stand before a signature. */
export function keyHint(keyId: string): Buffer {
  return Buffer.from(keyId, 'hex')
}

function noteVerifier(name: string, publicKey: KeyObject): NoteVerifier {
  assertKeyName(name)
  return { name, keyId: keyIdOf(name, rawPublicKey(publicKey)), publicKey }
}

function keyIdOf(name: string, raw: Buffer): string {
  return createHash('sha256').update(`${name}\n`).update(typed(raw)).digest('hex').slice(0, 8)
}

function withKeyId<K extends NoteVerifier>(key: K, claimed: string): K {
  if (key.keyId !== claimed)
    throw new AuditFormatError('key-invalid', `key id of ${key.name} should be ${key.keyId}, the text says ${claimed}`)
  return key
}

function parseKey(text: string, what: string): { name: string; keyId: string; raw: Buffer } {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text)
  const [, name, keyId, encoded] = match ?? []
  if (name === undefined || keyId === undefined || encoded === undefined)
    throw new AuditFormatError('key-invalid', `${what} is not name+keyid+base64`)
  const bytes = keyBytes(encoded, what)
  if (bytes[0] !== ED25519 || bytes.length !== 1 + RAW_KEY_BYTES)
    throw new AuditFormatError('key-invalid', `${what} is not an Ed25519 key (type 0x01, 32 bytes)`)
  return { name, keyId, raw: bytes.subarray(1) }
}

function keyBytes(encoded: string, what: string): Buffer {
  try {
    return decodeBase64(encoded, what)
  } catch (cause) {
    throw new AuditFormatError('key-invalid', `${what} is not canonical base64`, { cause })
  }
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
}

function typed(raw: Buffer): Buffer {
  return Buffer.concat([Buffer.of(ED25519), raw])
}
