/** Why an attestation is not believed: a closed list, so that programs may act on the word. */
export const refusals = [
  'malformed',
  'payload-type',
  'key-unknown',
  'key-outside-interval',
  'signature-invalid',
  'statement-malformed',
  'demo',
  'level-missing',
  'result-failed',
  'resource-mismatch',
  'digest-mismatch',
  'verifier-mismatch',
  'policy-mismatch',
  'input-missing',
] as const
export type Refusal = (typeof refusals)[number]

/** An attestation, a bundle or a trust file that is not what it should be. Its message may be shown. */
export class AttestationError extends Error {
  readonly code: Refusal

  constructor(code: Refusal, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'AttestationError'
    this.code = code
  }
}
