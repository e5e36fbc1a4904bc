import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/**
 * The OpenSSH fingerprint of a P-256 public key, `SHA256:` and 43 base64 characters: SHA-256 over the key's SSH encoding
 * (RFC 5656 §3.1). As `keyid` it is the one form that cosign, slsa-verifier and securesystemslib all accept.
 * @throws TypeError when it is no P-256 key
 */
export function keyidOf(key: KeyObject | string): string {
  const jwk = p256(key).export({ format: 'jwk' })
  const [x, y] = [jwk.x ?? '', jwk.y ?? ''].map((part) => Buffer.from(part, 'base64url'))
  if (x?.length !== 32 || y?.length !== 32) throw new TypeError('a P-256 point has two coordinates of 32 bytes')
  const point = Buffer.concat([Buffer.from([4]), x, y])
  const encoded = Buffer.concat([Buffer.from('ecdsa-sha2-nistp256'), Buffer.from('nistp256'), point].map(framed))
  return `SHA256:${createHash('sha256').update(encoded).digest('base64').replace(/=+$/, '')}`
}

/** Reads a P-256 public key in PEM (SPKI). @throws TypeError for anything else, also for a private key */
export function p256(key: KeyObject | string): KeyObject {
  const read = typeof key === 'string' ? publicKeyOf(key) : key
  if (read.asymmetricKeyType !== 'ec' || read.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('attestations are signed by ECDSA keys on P-256')
  return read
}

function publicKeyOf(pem: string): KeyObject {
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) throw new TypeError('not a public key in PEM (BEGIN PUBLIC KEY)')
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new TypeError('not a public key in PEM', { cause })
  }
}

function framed(part: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return Buffer.concat([length, part])
}
