import { z } from 'zod'
import { AttestationError } from './attestation-error.ts'

/** The payload type of in-toto statements. Other verifiers accept this very text and no other. */
export const payloadType = 'application/vnd.in-toto+json'

const base64 = z.string().max(1_000_000).refine(isCanonicalBase64, { error: 'must be standard base64 in its one form' })

/** A DSSE v1.0.2 envelope as we make it: one signature, standard base64 (secure-systems-lab/dsse, envelope.md). */
export const Envelope = z.strictObject({
  payload: base64,
  payloadType: z.literal(payloadType, { error: `must be ${payloadType}` }),
  signatures: z
    .array(
      z.strictObject({
        keyid: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, { error: 'must be an OpenSSH fingerprint' }),
        sig: base64,
      }),
    )
    .length(1, { error: 'must have one signature' }),
})
export type Envelope = z.output<typeof Envelope>

/**
 * What is signed: DSSE's pre-authentication encoding,
 * `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes, decimal (protocol.md).
 */
export function preAuthEncoding(type: string, body: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `
  return Buffer.concat([Buffer.from(head, 'utf8'), body])
}

/** The envelope of a statement's bytes and a DER signature over their pre-authentication encoding. */
export function envelopeOf(statement: Uint8Array, keyid: string, signature: Uint8Array): Envelope {
  const sig = Buffer.from(signature).toString('base64')
  return { payload: Buffer.from(statement).toString('base64'), payloadType, signatures: [{ keyid, sig }] }
}

/** An envelope's text, with its members in one fixed order: a shell script can take it apart and compare it. */
export function envelopeText(envelope: Envelope): string {
  const [first] = envelope.signatures
  const signatures = [{ keyid: first?.keyid, sig: first?.sig }]
  return JSON.stringify({ payload: envelope.payload, payloadType: envelope.payloadType, signatures })
}

/** Reads an envelope without believing it. @throws AttestationError `malformed` or `payload-type` */
export function parseEnvelope(value: unknown): { envelope: Envelope; statement: Buffer } {
  const parsed = Envelope.safeParse(value)
  if (!parsed.success) {
    const wrongType = parsed.error.issues.some((i) => i.path[0] === 'payloadType')
    const code = wrongType ? 'payload-type' : 'malformed'
    throw new AttestationError(code, `not a DSSE envelope of ours: ${z.prettifyError(parsed.error)}`)
  }
  return { envelope: parsed.data, statement: Buffer.from(parsed.data.payload, 'base64') }
}

// Otherwise the unused bits of the last character could be changed without changing what is decoded.
function isCanonicalBase64(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64').toString('base64') === text
}
