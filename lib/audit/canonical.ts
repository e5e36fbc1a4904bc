import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { AuditFormatError } from './format-error.ts'

/** The largest entry that a tlog-tiles bundle can frame: its length prefix is a uint16. */
export const LEAF_BYTES_MAX = 65_535

/** Salts shorter than this could be searched for together with guessable content. */
export const SALT_BYTES_MIN = 16
const SALT_BYTES_MAX = 64
const DIGEST_DOMAIN = 'quarterdeck audit content v1\n'

/**
 * The RFC 8785 (JCS) bytes of a JSON value, UTF-8.
 * Object members whose value is `undefined` are absent, as in JSON.stringify; NaN, infinities, bigint, lone surrogates,
 * cycles and a value with no JSON form at the top are refused with `AuditFormatError` code `not-canonical`.
 */
export function canonicalBytes(value: unknown): Buffer {
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AuditFormatError('not-canonical', `value has no canonical JSON form: ${reason}`, { cause })
  }
  if (text === undefined)
    throw new AuditFormatError('not-canonical', `a value of type ${typeof value} has no canonical JSON form`)
  return Buffer.from(text, 'utf8')
}

/** As `canonicalBytes`, and refuses (code `too-large`) what no entry bundle can hold. */
export function canonicalLeafBytes(value: unknown): Buffer {
  const bytes = canonicalBytes(value)
  if (bytes.length > LEAF_BYTES_MAX)
    throw new AuditFormatError(
      'too-large',
      `a leaf may have ${LEAF_BYTES_MAX} bytes, this one has ${bytes.length}: put the content beside the log`,
    )
  return bytes
}

/**
 * SHA-256, in lower-case hex, over
 * `"quarterdeck audit content v1\n" ‖ uint32BE(len salt) ‖ salt ‖ uint32BE(len content) ‖ content`,
 * where content is the RFC 8785 form of `content`. The lengths frame both parts, so no byte can move from the salt to the
 * content; the first line keeps the digest apart from every other SHA-256 in the product.
 * The salt has 16–64 random bytes: without it a guessable content could be confirmed from the public log.
 */
export function saltedDigest(salt: Uint8Array, content: unknown): string {
  if (salt.length < SALT_BYTES_MIN || salt.length > SALT_BYTES_MAX)
    throw new AuditFormatError(
      'malformed',
      `a salt has ${SALT_BYTES_MIN} to ${SALT_BYTES_MAX} bytes, this one has ${salt.length}`,
    )
  const bytes = canonicalBytes(content)
  const hash = createHash('sha256').update(DIGEST_DOMAIN)
  for (const part of [salt, bytes]) hash.update(uint32(part.length)).update(part)
  return hash.digest('hex')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
