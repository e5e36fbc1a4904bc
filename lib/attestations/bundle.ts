import type { Envelope } from './dsse.ts'

/** Sigstore bundle v0.3 (sigstore/protobuf-specs, sigstore_bundle.proto). */
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/** The same attestation as a Sigstore bundle: signed by a key that is known by its hint, without a transparency log of theirs. */
export function bundleOf(envelope: Envelope) {
  return {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: envelope.signatures[0]?.keyid ?? '' }, tlogEntries: [] },
    dsseEnvelope: envelope,
  }
}

/** The envelope inside a bundle; undefined when the value is no bundle. */
export function envelopeInBundle(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('mediaType' in value) || !('dsseEnvelope' in value))
    return undefined
  return value.mediaType === bundleType ? value.dsseEnvelope : undefined
}
