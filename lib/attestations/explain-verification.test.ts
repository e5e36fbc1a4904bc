import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, it } from 'vitest'
import { bundleOf } from './bundle.ts'
import { envelopeOf, payloadType, preAuthEncoding } from './dsse.ts'
import { explainVerification } from './explain-verification.ts'
import { keyidOf } from './keyid.ts'
import { statementBytes, type Statement } from './statement.ts'
import { aDecision, aPersonasVote, aVote } from './statements.fixture.ts'
import type { Trust } from './trust.ts'

const { privateKey, publicKey: publicObject } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const publicKey = String(publicObject.export({ type: 'spki', format: 'pem' }))
const keyid = keyidOf(publicKey)
const interval = { validFrom: null, validUntil: null }
const trust = (over: Partial<Trust['keys'][number]> = {}): Trust => ({
  kind: 'quarterdeck-trust',
  version: 1,
  log: null,
  keys: [{ keyid, publicKey, demo: false, ...interval, ...over }],
})
const signed = (bytes: Uint8Array) =>
  envelopeOf(bytes, keyid, sign('sha256', preAuthEncoding(payloadType, bytes), { key: privateKey, dsaEncoding: 'der' }))
const envelope = (statement: Statement = aVote()) => signed(statementBytes(statement))
const text = (value: unknown) => JSON.stringify(value)
const failedAt = (given: string, by = trust()) => {
  const { checks, because, verified } = explainVerification(given, by)
  expect(verified).toBeNull()
  const at = checks.findIndex(({ outcome }) => outcome === 'fail')
  expect(checks.slice(0, at).every(({ outcome }) => outcome === 'pass')).toBe(true)
  expect(checks.slice(at + 1).every(({ outcome }) => outcome === 'not-reached')).toBe(true)
  return { check: checks[at]?.name, because }
}

it('every check passes for an envelope and for a bundle of it', () => {
  for (const given of [envelope(), bundleOf(envelope()), envelope(aDecision())]) {
    const { checks, verified, because } = explainVerification(text(given), trust())
    expect(new Set(checks.map(({ outcome }) => outcome))).toEqual(new Set(['pass']))
    expect(verified).toMatchObject({ keyid, demo: false })
    expect(because).toBeNull()
  }
})

it('names the check that fails, and why', () => {
  const good = envelope()
  const other = envelope(aVote({ subject: 'mallory' }))
  expect(failedAt('{ "payload": ')).toMatchObject({ check: 'json' })
  expect(failedAt('x'.repeat(900_001))).toMatchObject({ check: 'json', because: 'it is longer than 900000 characters' })
  expect(failedAt('{}')).toMatchObject({ check: 'envelope' })
  expect(failedAt(text({ ...good, payloadType: 'text/plain' }))).toMatchObject({ check: 'envelope' })
  expect(failedAt(text(good), { ...trust(), keys: [] })).toEqual({
    check: 'key',
    because: `no trusted key has the id ${keyid}`,
  })
  expect(failedAt(text({ ...good, payload: other.payload }))).toMatchObject({ check: 'signature' })
  const spaced = Buffer.from(JSON.stringify(aVote(), null, 1))
  expect(failedAt(text(signed(spaced)))).toEqual({
    check: 'statement',
    because: 'the payload is not in canonical form',
  })
  expect(failedAt(text(good), trust({ validFrom: '2026-03-03T00:00:00.000Z' }))).toMatchObject({ check: 'interval' })
  expect(failedAt(text(good), trust({ demo: true }))).toMatchObject({ check: 'demo' })
  expect(failedAt(text(envelope(aPersonasVote())))).toMatchObject({ check: 'demo' })
})

it('accepts a demonstration only when told to, and says that it is one', () => {
  const given = text(envelope(aPersonasVote()))
  const { checks, verified } = explainVerification(given, trust(), { demo: true })
  expect(verified).toMatchObject({ demo: true })
  expect(checks.at(-1)).toMatchObject({ name: 'demo', outcome: 'waived' })
  expect(checks.slice(0, -1).every(({ outcome }) => outcome === 'pass')).toBe(true)
  const real = explainVerification(text(envelope()), trust(), { demo: true })
  expect(real.checks.at(-1)).toMatchObject({ name: 'demo', outcome: 'pass' })
})
