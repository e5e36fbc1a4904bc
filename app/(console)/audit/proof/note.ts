import { sha256, type Bytes } from './merkle.ts'

/** Why a receipt or a key cannot be read or believed; the message is for people. */
export class ProofError extends Error {
  override name = 'ProofError'
}

export type Checkpoint = { origin: string; size: number; root: Bytes }
export type Proof = { index: number; hashes: Bytes[]; note: string }

const hashesMax = 53
const signaturesMax = 100

/** Takes a C2SP tlog-proof apart without believing it. */
export function readProof(text: string): Proof {
  const cut = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(0, cut)).split('\n')
  if (lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new ProofError('The receipt is not a C2SP tlog-proof.')
  if (lines[0]?.startsWith('extra ')) lines.shift()
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1]
  if (index === undefined || lines.length > hashesMax) throw new ProofError('The receipt has no readable index.')
  return { index: Number(index), hashes: lines.map(hashOf), note: text.slice(cut + 2) }
}

/** The text of a C2SP checkpoint: origin, size, root. */
export function readCheckpoint(note: string): Checkpoint {
  const [origin, size, root, end] = textOf(note).split('\n')
  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || root === undefined || end !== '')
    throw new ProofError('The checkpoint is not three lines: origin, size, root.')
  return { origin, size: Number(size), root: hashOf(root) }
}

/**
 * Whether the key signed the note (C2SP signed-note, Ed25519). `unsupported` where the browser knows no Ed25519.
 * @throws ProofError when the key is malformed or has not signed it, or its signature is wrong
 */
export async function checkSignature(note: string, vkey: string): Promise<'verified' | 'unsupported'> {
  const { name, keyId, raw } = await readKey(vkey)
  const text = textOf(note)
  const lines = note
    .slice(text.length + 1)
    .split('\n')
    .slice(0, signaturesMax)
  const line = lines
    .map((each) => /^— (\S+) (\S+)$/.exec(each))
    .find((m) => {
      return m?.[1] === name && hexOf(decode(m[2] ?? '').slice(0, 4)) === keyId
    })
  if (!line) throw new ProofError(`The checkpoint is not signed by ${name}.`)
  const signature = decode(line[2] ?? '').slice(4)
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
  } catch {
    return 'unsupported'
  }
  if (!(await crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(text))))
    throw new ProofError(`The signature of ${name} does not fit the checkpoint.`)
  return 'verified'
}

async function readKey(vkey: string): Promise<{ name: string; keyId: string; raw: Bytes }> {
  const [, name, keyId, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey.trim()) ?? []
  const typed = decode(encoded ?? '')
  if (name === undefined || keyId === undefined || typed.length !== 33 || typed[0] !== 1)
    throw new ProofError('The verifier key cannot be read.')
  const digest = await sha256(new TextEncoder().encode(`${name}\n`), typed)
  if (hexOf(digest.slice(0, 4)) !== keyId) throw new ProofError('The verifier key does not fit its own id.')
  return { name, keyId, raw: typed.slice(1) }
}

function textOf(note: string): string {
  const cut = note.lastIndexOf('\n\n')
  if (cut < 0) throw new ProofError('The checkpoint has no signature.')
  return note.slice(0, cut + 1)
}

function hashOf(text: string): Bytes {
  const bytes = decode(text)
  if (bytes.length !== 32) throw new ProofError('A hash of the receipt has not 32 bytes.')
  return bytes
}

function decode(base64: string): Bytes {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw new ProofError('The receipt has text that is not base64.')
  const text = atob(base64)
  // Spare bits of the last character would give one value several texts.
  if (btoa(text) !== base64) throw new ProofError('The receipt has base64 that is not canonical.')
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

function hexOf(bytes: Bytes): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
