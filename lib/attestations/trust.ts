import { z } from 'zod'
import { AttestationError } from './attestation-error.ts'
import { keyidOf } from './keyid.ts'

/** A key that signs attestations, for how long, and whether only for demonstrations. Times are RFC 3339, UTC. */
const TrustedKey = z.strictObject({
  keyid: z.string(),
  publicKey: z.string().max(2_000),
  demo: z.boolean(),
  validFrom: z.iso.datetime().nullable(),
  validUntil: z.iso.datetime().nullable(),
})
export type TrustedKey = z.output<typeof TrustedKey>

/**
 * What a verifier believes before it looks at anything: the keys of an installation and that of its audit log. It is handed
 * over by another way than what it judges; one that lies inside an evidence pack proves nothing.
 */
export const Trust = z.strictObject({
  kind: z.literal('quarterdeck-trust'),
  version: z.literal(1),
  /** The verifier key of the audit log (C2SP signed-note vkey); null: not known. */
  log: z.string().max(400).nullable(),
  keys: z.array(TrustedKey).max(1_000),
})
export type Trust = z.output<typeof Trust>

/** Reads a trust file. Each key's id must be its own fingerprint. @throws AttestationError `malformed` */
export function parseTrust(text: string): Trust {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AttestationError('malformed', 'the trust file is not JSON', { cause })
  }
  const parsed = Trust.safeParse(value)
  if (!parsed.success) throw new AttestationError('malformed', `not a trust file: ${z.prettifyError(parsed.error)}`)
  for (const key of parsed.data.keys) {
    if (fingerprint(key.publicKey) !== key.keyid)
      throw new AttestationError('malformed', `the trust file calls a key ${key.keyid} that has another fingerprint`)
  }
  return parsed.data
}

/** Trust in one key alone, at any time, for whatever it signs. @throws AttestationError `malformed` */
export function trustInKey(publicKey: string): Trust {
  const key = { keyid: fingerprint(publicKey), publicKey, demo: false, validFrom: null, validUntil: null }
  return { kind: 'quarterdeck-trust', version: 1, log: null, keys: [key] }
}

function fingerprint(publicKey: string): string {
  try {
    return keyidOf(publicKey)
  } catch (cause) {
    throw new AttestationError('malformed', `not a P-256 public key: ${(cause as Error).message}`, { cause })
  }
}
