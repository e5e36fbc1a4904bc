import { AttestationError, type Refusal } from './attestation-error.ts'
import type { Trust } from './trust.ts'
import { verifyAttestation, type Verified } from './verify-attestation.ts'

/** What is asked of an attestation, in the order in which it is asked. */
const checks = [
  { name: 'json', asks: 'It is JSON' },
  { name: 'envelope', asks: 'It is a DSSE envelope, or a Sigstore bundle of one, with one signature' },
  { name: 'key', asks: 'A trusted key has the id that it names' },
  { name: 'signature', asks: 'The signature is that key’s, over this very payload' },
  { name: 'statement', asks: 'The payload is one of our in-toto statements, in canonical form' },
  { name: 'interval', asks: 'The key was valid when it happened' },
  { name: 'demo', asks: 'People made it, not the personas of a demonstration' },
] as const

type CheckName = (typeof checks)[number]['name']
export type Check = {
  name: CheckName
  asks: string
  /** `not-reached`: an earlier check failed, and says nothing of this one. `waived`: it would fail, and is not asked for. */
  outcome: 'pass' | 'fail' | 'not-reached' | 'waived'
}

export type Verification = {
  checks: Check[]
  /** Null when a check failed, which `because` then explains. */
  verified: Verified | null
  because: string | null
}

const failing: Partial<Record<Refusal, CheckName>> = {
  malformed: 'envelope',
  'payload-type': 'envelope',
  'key-unknown': 'key',
  'signature-invalid': 'signature',
  'statement-malformed': 'statement',
  'key-outside-interval': 'interval',
  demo: 'demo',
}

/** More than any of our envelopes has. */
const textMax = 900_000

/**
 * Verifies the text of a DSSE envelope or a Sigstore bundle by the rules of `quarterdeck verify`, and tells which of its
 * checks failed. Pure: it believes the trust that it is given and nothing else. With `demo` the last check is waived where it
 * would have failed, and `verified.demo` says so too.
 */
export function explainVerification(text: string, trust: Trust, options: { demo?: boolean } = {}): Verification {
  if (text.length > textMax) return failed('json', `it is longer than ${textMax} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return failed('json', error instanceof Error ? error.message : String(error))
  }
  try {
    const verified = verifyAttestation(value, trust, { demo: options.demo === true })
    const outcomeOf = (name: CheckName) => (name === 'demo' && verified.demo ? 'waived' : 'pass')
    return { checks: checks.map((check) => ({ ...check, outcome: outcomeOf(check.name) })), verified, because: null }
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return failed(failing[error.code] ?? 'statement', error.message)
  }
}

function failed(name: CheckName, because: string): Verification {
  const at = checks.findIndex((check) => check.name === name)
  const outcomes = checks.map((check, i) => ({
    ...check,
    outcome: i < at ? ('pass' as const) : i === at ? ('fail' as const) : ('not-reached' as const),
  }))
  return { checks: outcomes, verified: null, because }
}
