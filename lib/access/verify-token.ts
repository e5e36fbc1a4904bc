import { createHash } from 'node:crypto'
import { createLocalJWKSet, errors, jwtVerify, type JWK, type JWTPayload } from 'jose'
import { personaIssuer, type Actor } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { selectTokenHolder, selectTokenKeys } from './queries.ts'
import { tokenAgeSecondsMax, tokenAudience, tokenToleranceSeconds, tokenType } from './token-claims.ts'

type KeySet = {
  readAtMs: number
  resolve: ReturnType<typeof createLocalJWKSet>
  /** What these keys have verified, by the digest of the token: a signature stays good for as long as its key does. */
  verified: Map<string, JWTPayload>
}
const verifiedMax = 2_000
const keysFreshMs = 60_000
const keysCooldownMs = 2_000
const tokenLengthMax = 4_096
/** Three canonical base64url parts: no padding, no spaces, nothing that a lenient decoder would drop. */
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * Who a bearer token of our own issuer stands for (RFC 8725): ES256 only, `typ: at+jwt`, our issuer and audience, not
 * expired, not older than a day, not revoked. `jku`, `jwk` and `x5u` in its header are never looked at.
 * @throws `unauthenticated` with what is wrong; never with any part of the token
 */
export async function verifyToken(
  system: System,
  text: string,
): Promise<{ actor: Actor; actorId: string; tokenId: string }> {
  if (text.length > tokenLengthMax || !isCanonical(text))
    throw refused('it is not a compact JWS in canonical base64url')
  const claims = await verifySignature(system, text)
  const { jti, sub, idp } = claims
  if (!jti || !sub || typeof idp !== 'string') throw refused('it lacks jti, sub or idp')
  const row = await selectTokenHolder(system.db, jti)
  if (!row || row.revoked_at !== null) throw refused('it was revoked')
  if (row.issuer === personaIssuer && !system.config.personas)
    throw refused('it is of a local persona, and those are off')
  if (row.subject !== sub || row.issuer !== idp) throw refused('it names somebody else than it was issued to')
  const actor: Actor = { issuer: row.issuer, subject: row.subject, kind: row.kind, name: row.name, via: 'api' }
  return { actor, actorId: row.id, tokenId: jti }
}

async function verifySignature(system: System, text: string): Promise<JWTPayload> {
  try {
    return await verifyWith(system, text, await tokenKeys(system, keysFreshMs))
  } catch (error) {
    // A key that is not known yet: keys were rotated since they were read. Look once, at most every few seconds.
    if (error instanceof errors.JWKSNoMatchingKey) {
      return verifyWith(system, text, await tokenKeys(system, keysCooldownMs)).catch(explain)
    }
    return explain(error)
  }
}

function explain(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw refused('it has expired: get another')
  if (error instanceof errors.JOSEError) throw refused(`it does not verify (${error.code})`)
  throw error
}

// Only the signature and what never changes is remembered, until the keys are read again: the times are held against the
// clock here, revocation and holder against the database by the caller, each time.
async function verifyWith(system: System, text: string, keys: KeySet): Promise<JWTPayload> {
  const digest = createHash('sha256').update(text).digest('base64')
  const known = keys.verified.get(digest)
  if (known && isCurrent(known, system.clock.now())) return known
  const payload = await verifyAnew(system, text, keys)
  if (keys.verified.size >= verifiedMax) keys.verified.clear()
  keys.verified.set(digest, payload)
  return payload
}

/** The conditions on time that `verifyAnew` has; what fails here is verified anew, which says why. */
function isCurrent({ exp, iat, nbf }: JWTPayload, now: Date): boolean {
  const nowSeconds = Math.floor(now.getTime() / 1000)
  return (
    exp !== undefined &&
    iat !== undefined &&
    exp > nowSeconds - tokenToleranceSeconds &&
    nowSeconds - iat <= tokenAgeSecondsMax &&
    iat <= nowSeconds + tokenToleranceSeconds &&
    (nbf === undefined || nbf <= nowSeconds)
  )
}

async function verifyAnew(system: System, text: string, keys: KeySet): Promise<JWTPayload> {
  const { payload } = await jwtVerify(text, keys.resolve, {
    algorithms: ['ES256'],
    typ: tokenType,
    issuer: system.config.origin,
    audience: tokenAudience,
    requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub', 'jti'],
    clockTolerance: tokenToleranceSeconds,
    maxTokenAge: tokenAgeSecondsMax,
    currentDate: system.clock.now(),
  })
  return payload
}

// Keys change when they are rotated, rarely.
async function tokenKeys(system: System, freshMs: number): Promise<KeySet> {
  const cache = processSingleton('token-keys', () => new WeakMap<object, KeySet>())
  const nowMs = system.clock.monotonicMs()
  const present = cache.get(system.db)
  if (present && nowMs - present.readAtMs < freshMs) return present
  const rows = await selectTokenKeys(system.db)
  const keys = rows.map((r): JWK => ({ ...(JSON.parse(r.public_key) as JWK), kid: r.id, alg: 'ES256', use: 'sig' }))
  const made = { readAtMs: nowMs, resolve: createLocalJWKSet({ keys }), verified: new Map() }
  cache.set(system.db, made)
  return made
}

function isCanonical(text: string): boolean {
  // A last character with unused bits set decodes to the same bytes: two texts for one token. Refused.
  return (
    compact.test(text) && text.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  )
}

function refused(why: string) {
  return problem('unauthenticated', `The bearer token is not accepted: ${why}.`)
}
