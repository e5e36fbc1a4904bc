import { createLocalJWKSet, errors, jwtVerify, type JWK, type JWTPayload } from 'jose'
import { personaIssuer, type Actor } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { selectTokenHolder, selectTokenKeys } from './queries.ts'
import {
  tokenAgeSecondsMax,
  tokenAudience,
  tokenLifetimeSecondsMax,
  tokenToleranceSeconds,
  tokenType,
} from './token-claims.ts'
import { checkTokenText, refusedToken } from './token-text.ts'

type KeySet = { readAtMs: number; resolve: ReturnType<typeof createLocalJWKSet> }
const keysFreshMs = 60_000
const keysCooldownMs = 2_000
const tokenLengthMax = 4_096

/**
 * Who a bearer token of our own issuer stands for (RFC 8725): ES256 only, `typ: at+jwt`, our issuer and audience, not
 * expired, not older than its holder's kind may have it, not revoked. `jku`, `jwk` and `x5u` in its header are never
 * looked at.
 * @throws `unauthenticated` with what is wrong; never with any part of the token
 */
export async function verifyToken(
  system: System,
  text: string,
): Promise<{ actor: Actor; actorId: string; tokenId: string }> {
  checkTokenText(text, tokenLengthMax)
  const claims = await verifySignature(system, text)
  const { jti, sub, idp, iat } = claims
  if (!jti || !sub || typeof idp !== 'string') throw refusedToken('it lacks jti, sub or idp')
  const row = await selectTokenHolder(system.db, jti)
  if (!row || row.revoked_at !== null) throw refusedToken('it was revoked')
  if (row.disabled_at !== null) throw refusedToken('its service account was disabled')
  if (row.issuer === personaIssuer && !system.config.personas)
    throw refusedToken('it is of a local persona, and those are off')
  if (row.subject !== sub || row.issuer !== idp) throw refusedToken('it names somebody else than it was issued to')
  const ageSeconds = system.clock.now().getTime() / 1000 - (iat ?? 0)
  if (row.kind !== 'service' && ageSeconds > tokenAgeSecondsMax + tokenToleranceSeconds)
    throw refusedToken('it is older than a day')
  const { issuer, subject, kind, name } = row
  const actor: Actor = { issuer, subject, kind, name, via: 'api', ...(row.auth_time && { authTime: row.auth_time }) }
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
  if (error instanceof errors.JWTExpired) throw refusedToken('it has expired: get another')
  if (error instanceof errors.JOSEError) throw refusedToken(`it does not verify (${error.code})`)
  throw error
}

async function verifyWith(system: System, text: string, keys: KeySet): Promise<JWTPayload> {
  const { payload } = await jwtVerify(text, keys.resolve, {
    algorithms: ['ES256'],
    typ: tokenType,
    issuer: system.config.origin,
    audience: tokenAudience,
    requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub', 'jti'],
    clockTolerance: tokenToleranceSeconds,
    maxTokenAge: tokenLifetimeSecondsMax,
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
  const made = { readAtMs: nowMs, resolve: createLocalJWKSet({ keys: await publishedKeys(system) }) }
  cache.set(system.db, made)
  return made
}

/**
 * The public keys of our own issuer as a JWK Set has them: the one that signs, and the one before it for as long as a
 * token that it signed may live. Never more than two, so that a second rotation in a row ends what the first key signed.
 */
export async function publishedKeys(system: Pick<System, 'db' | 'clock'>): Promise<JWK[]> {
  const lastMs = system.clock.now().getTime() - (tokenLifetimeSecondsMax + tokenToleranceSeconds) * 1000
  const rows = await selectTokenKeys(system.db, new Date(lastMs))
  return rows.map((r): JWK => ({ ...(JSON.parse(r.public_key) as JWK), kid: r.id, alg: 'ES256', use: 'sig' }))
}
