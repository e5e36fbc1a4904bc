import { SignJWT, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { tokenAudience, tokenType } from '#lib/access/token-claims.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { seal, unseal } from '#lib/platform/seal.ts'
import { insertToken, insertTokenSigner, selectTokenSigner } from './queries-credentials.ts'

export type NewToken = {
  holder: { issuer: string; subject: string; identityId: string }
  lifetimeSeconds: number
  issuedBy: string
  /** When whoever asked for it signed in: a token makes no old sign-in young. */
  authTime: Date | null
}
type Of = Pick<System, 'clock' | 'config' | 'secrets'>

/**
 * Makes a bearer token in the caller's transaction: a JWT access token (RFC 9068, `typ: at+jwt`), signed with ES256 by our
 * own key. It says who, not what: roles are read from the bindings at each use. Its `jti` is a row, so it can be revoked.
 */
export async function signToken(
  tx: Tx,
  system: Of,
  { holder, lifetimeSeconds, issuedBy, authTime }: NewToken,
): Promise<{ id: string; token: string; expiresAt: Date; keyId: string }> {
  const now = system.clock.now()
  const id = newId('token', now)
  const expiresAt = new Date(now.getTime() + lifetimeSeconds * 1000)
  await insertToken(tx, { id, identityId: holder.identityId, now, expiresAt, issuedBy, authTime })
  const key = await tokenKey(tx, system)
  const token = await new SignJWT({ idp: holder.issuer })
    .setProtectedHeader({ alg: 'ES256', typ: tokenType, kid: key.id })
    .setIssuer(system.config.origin)
    .setAudience(tokenAudience)
    .setSubject(holder.subject)
    .setJti(id)
    .setIssuedAt(now)
    .setExpirationTime(expiresAt)
    .sign(await importJWK(key.jwk, 'ES256'))
  return { id, token, expiresAt, keyId: key.id }
}

/** Makes a key that signs tokens, unless there is one; returns the one there is. Its private half is sealed to its id. */
export async function makeTokenKey(tx: Tx, system: Of): Promise<{ id: string; sealedPrivateKey: string }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const [jwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])
  const now = system.clock.now()
  const id = newId('signingKey', now)
  const sealedPrivateKey = seal(system.secrets, id, JSON.stringify(jwk))
  await insertTokenSigner(tx, { id, publicKey: JSON.stringify(publicJwk), sealedPrivateKey, now })
  const stored = await selectTokenSigner(tx)
  if (!stored) throw new Error('the signing key of tokens was stored and is not there')
  return stored
}

// Two first issues at once make two keys, of which one is stored; both sign with that one.
async function tokenKey(tx: Tx, system: Of): Promise<{ id: string; jwk: JWK }> {
  const row = (await selectTokenSigner(tx)) ?? (await makeTokenKey(tx, system))
  return { id: row.id, jwk: JSON.parse(unseal(system.secrets, row.id, row.sealedPrivateKey)) as JWK }
}
