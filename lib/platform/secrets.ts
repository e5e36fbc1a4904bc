import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What a derived key is for. One secret, one key a purpose (HKDF-SHA-256, RFC 5869, `info` = the purpose). */
export type KeyPurpose = 'entry-mac' | 'sealed-keys' | 'agent-admin' | 'signing-key-files' | 'ingest-key'

export type Secrets = {
  /** 32 bytes for that purpose. */
  derive(purpose: KeyPurpose): Buffer
  /** HMAC-SHA-256 under that purpose's key, hex. */
  mac(purpose: KeyPurpose, data: string | Uint8Array): string
}

/** Derives all keys from `QUARTERDECK_SECRET`. @throws when the secret has fewer than 32 characters. */
export function createSecrets(secret: string): Secrets {
  if (secret.length < 32) throw new Error('QUARTERDECK_SECRET must have at least 32 characters')
  const cache = new Map<KeyPurpose, Buffer>()
  const derive = (purpose: KeyPurpose) => {
    const present = cache.get(purpose)
    if (present) return present
    const key = Buffer.from(hkdfSync('sha256', secret, 'quarterdeck/v1', purpose, 32))
    cache.set(purpose, key)
    return key
  }
  return { derive, mac: (purpose, data) => createHmac('sha256', derive(purpose)).update(data).digest('hex') }
}

/** Compares two texts in time that depends on their lengths only. */
export function sameText(a: string, b: string): boolean {
  const x = Buffer.from(a)
  const y = Buffer.from(b)
  return x.length === y.length && timingSafeEqual(x, y)
}
