import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Secrets } from './secrets.ts'

/**
 * Seals a private key for the database: AES-256-GCM under the key derived for `sealed-keys`, bound to `context` (such as
 * the row's id), so that a sealed key cannot be moved to another row. Format: `v1.<nonce>.<tag>.<ciphertext>`, base64url.
 */
export function seal(secrets: Secrets, context: string, plain: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secrets.derive('sealed-keys'), nonce).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return ['v1', ...[nonce, cipher.getAuthTag(), sealed].map((b) => b.toString('base64url'))].join('.')
}

/** Opens what `seal` made. @throws when the secret or the context is another one. */
export function unseal(secrets: Secrets, context: string, sealed: string): string {
  const [version, nonce, tag, body] = sealed.split('.')
  if (version !== 'v1' || !nonce || !tag || body === undefined) throw new Error('not a sealed key of this version')
  const decipher = createDecipheriv('aes-256-gcm', secrets.derive('sealed-keys'), Buffer.from(nonce, 'base64url'))
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(tag, 'base64url'))
  try {
    return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new Error('the sealed key does not open: QUARTERDECK_SECRET is not the one it was sealed with', { cause })
  }
}
