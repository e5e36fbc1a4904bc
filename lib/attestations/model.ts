import { z } from 'zod'

export const RotateKeyInput = z.strictObject({
  /** Also for the key of demonstrations. */
  demo: z.boolean().default(false),
  /** A key that is at the key management system under this name; left out: a new one is made there. */
  keyRef: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 lower-case letters, digits and dashes' })
    .optional(),
  reason: z.string().trim().min(3).max(1_000),
})
export type RotateKeyInput = z.input<typeof RotateKeyInput>

/** A signing key as everybody may see it. */
export type KeyView = {
  id: string
  demo: boolean
  /** Null while the key management system has not made it. */
  keyid: string | null
  publicKey: string | null
  validFrom: Date | null
  validUntil: Date | null
}

/** An attestation of the workspace. `envelope` is null while it waits for its signature. */
export type AttestationView = {
  id: string
  kind: 'vote' | 'decision' | 'evidence'
  subject: { kind: string; id: string }
  digest: string
  demo: boolean
  recordedAt: Date
  signedAt: Date | null
  keyid: string | null
  envelopeDigest: string | null
  envelope: unknown
}
