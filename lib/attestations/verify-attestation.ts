import { verify } from 'node:crypto'
import { canonicalBytes } from '#lib/audit/canonical.ts'
import { AttestationError, type Refusal } from './attestation-error.ts'
import { envelopeInBundle } from './bundle.ts'
import { parseEnvelope, payloadType, preAuthEncoding } from './dsse.ts'
import { keyidOf, p256 } from './keyid.ts'
import { isDemo, Statement, statementDigest, statementTime, vsaType, type Vsa } from './statement.ts'
import type { Trust, TrustedKey } from './trust.ts'

/** What must hold besides the signature. What is left out is not asked. */
export type Expectations = {
  /** Accepts what local personas did. */
  demo?: boolean
  resourceUri?: string
  /** `sha256:` and hexadecimal digits. */
  subjectDigest?: string
  verifierId?: string
  levels?: readonly string[]
  policyDigest?: string
  /** True when only an approval will do: a rejection and a vote are refused. */
  approval?: boolean
}

export type Verified = { statement: Statement; digest: string; keyid: string; demo: boolean }

/**
 * Believes an attestation (a DSSE envelope or a Sigstore bundle, as parsed JSON) only if a trusted key signed it within that
 * key's interval, it is one of our statements in canonical form, and it meets the expectations.
 * @throws AttestationError with the first reason why not
 */
export function verifyAttestation(value: unknown, trust: Trust, expected: Expectations = {}): Verified {
  const { envelope, statement: bytes } = parseEnvelope(envelopeInBundle(value) ?? value)
  const [signature] = envelope.signatures
  const key = trust.keys.find((k) => k.keyid === signature?.keyid)
  if (!signature || !key) throw new AttestationError('key-unknown', `no trusted key has the id ${signature?.keyid}`)
  checkSignature(key, bytes, Buffer.from(signature.sig, 'base64'))
  const statement = readStatement(bytes)
  checkInterval(key, statementTime(statement))
  const demo = key.demo || isDemo(statement)
  if (demo && expected.demo !== true)
    throw new AttestationError(
      'demo',
      'a local persona made it (QUARTERDECK_DEMO): it proves nothing about people; accept it with --demo',
    )
  meetExpectations(statement, expected)
  return { statement, digest: statementDigest(bytes), keyid: key.keyid, demo }
}

function checkSignature(key: TrustedKey, bytes: Buffer, signature: Buffer): void {
  const publicKey = p256(key.publicKey)
  if (keyidOf(publicKey) !== key.keyid)
    throw new AttestationError('key-unknown', 'a trusted key is not what it is called')
  if (!verify('sha256', preAuthEncoding(payloadType, bytes), { key: publicKey, dsaEncoding: 'der' }, signature))
    throw new AttestationError('signature-invalid', `the signature is not that of ${key.keyid} over this payload`)
}

function readStatement(bytes: Buffer): Statement {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AttestationError('statement-malformed', 'the payload is not JSON', { cause })
  }
  const parsed = Statement.safeParse(value)
  if (!parsed.success) throw new AttestationError('statement-malformed', 'the payload is none of the known statements')
  if (!canonicalBytes(value).equals(bytes))
    throw new AttestationError('statement-malformed', 'the payload is not in canonical form')
  return parsed.data
}

function checkInterval(key: TrustedKey, at: Date): void {
  const after = key.validFrom === null || at >= new Date(key.validFrom)
  const before = key.validUntil === null || at < new Date(key.validUntil)
  if (after && before) return
  throw new AttestationError(
    'key-outside-interval',
    `${at.toISOString()} is outside the interval of ${key.keyid}: ${key.validFrom ?? '…'} to ${key.validUntil ?? '…'}`,
  )
}

function meetExpectations(statement: Statement, expected: Expectations): void {
  const [subject] = statement.subject
  const wanted = expected.subjectDigest?.replace(/^sha256:/, '')
  if (wanted !== undefined && subject?.digest.sha256 !== wanted)
    throw new AttestationError('digest-mismatch', `it is about ${subject?.name}, sha256:${subject?.digest.sha256}`)
  const asksForDecision = Object.entries(expected).some(
    ([name, value]) => value !== undefined && value !== false && !['demo', 'subjectDigest'].includes(name),
  )
  if (!asksForDecision) return
  if (statement.predicateType !== vsaType)
    throw new AttestationError('result-failed', `it is no decision but a ${statement.predicateType}`)
  meetDecision(statement, expected)
}

function meetDecision({ predicate }: Vsa, expected: Expectations): void {
  const wrong: [Refusal, boolean, string][] = [
    [
      'resource-mismatch',
      expected.resourceUri !== undefined && predicate.resourceUri !== expected.resourceUri,
      `it is about ${predicate.resourceUri}`,
    ],
    [
      'verifier-mismatch',
      expected.verifierId !== undefined && predicate.verifier.id !== expected.verifierId,
      `it was decided by ${predicate.verifier.id}`,
    ],
    [
      'policy-mismatch',
      expected.policyDigest !== undefined &&
        predicate.policy.digest.sha256 !== expected.policyDigest.replace(/^sha256:/, ''),
      `it was decided under the policy sha256:${predicate.policy.digest.sha256}`,
    ],
    ['result-failed', expected.approval === true && predicate.verificationResult !== 'PASSED', 'it is a rejection'],
  ]
  for (const [code, is, message] of wrong) if (is) throw new AttestationError(code, message)
  const missing = (expected.levels ?? []).filter((level) => !predicate.verifiedLevels.includes(level))
  if (missing.length > 0)
    throw new AttestationError(
      'level-missing',
      `it lacks ${missing.join(', ')}; it has ${predicate.verifiedLevels.join(', ')}`,
    )
}

/** Every input of a decision must be among the digests that were verified. @throws AttestationError `input-missing` */
export function checkInputs({ predicate }: Vsa, verified: ReadonlySet<string>): void {
  const missing = predicate.inputAttestations.map((i) => `sha256:${i.digest.sha256}`).filter((d) => !verified.has(d))
  if (missing.length > 0)
    throw new AttestationError('input-missing', `the decision rests on ${missing.join(', ')}, which is not here`)
}
