import { SignJWT, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { tokenAudience, tokenType } from '#lib/access/token-claims.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { seal, unseal } from '#lib/platform/seal.ts'
import { TokenInput } from './model.ts'
import { insertToken, insertTokenSigner, selectTokenSigner } from './queries-credentials.ts'

/**
 * Issues a bearer token for the caller: a JWT access token (RFC 9068, `typ: at+jwt`), signed with ES256 by our own key.
 * It says who, not what: roles are read from the bindings at each use. Its `jti` is a row, so it can be revoked.
 */
export async function issueToken(ctx: Ctx, input: TokenInput): Promise<{ id: string; token: string; expiresAt: Date }> {
  const { lifetimeSeconds } = parseInput(TokenInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  const bare = { ...ctx }
  // A stored answer would keep the token's text: an issue is never answered from an idempotency key.
  delete (bare as { idempotency?: unknown }).idempotency
  let token = ''
  const issued = await mutate(
    bare,
    { action: 'token:issue', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const id = newId('token', now)
      const expiresAt = new Date(now.getTime() + lifetimeSeconds * 1000)
      await insertToken(tx, { id, identityId: ctx.actorId, now, expiresAt })
      const key = await tokenKey(ctx, tx)
      token = await new SignJWT({ idp: ctx.actor.issuer })
        .setProtectedHeader({ alg: 'ES256', typ: tokenType, kid: key.id })
        .setIssuer(ctx.config.origin)
        .setAudience(tokenAudience)
        .setSubject(ctx.actor.subject)
        .setJti(id)
        .setIssuedAt(now)
        .setExpirationTime(expiresAt)
        .sign(await importJWK(key.jwk, 'ES256'))
      return {
        value: { id, expiresAt },
        audit: {
          resource: { kind: 'token', id },
          after: { expiresAt, keyId: key.id },
          because: `asked for, for ${lifetimeSeconds} s`,
        },
      }
    },
  )
  return { ...issued, token }
}

// Two first issues at once make two keys, of which one is stored; both sign with that one.
async function tokenKey(ctx: Ctx, tx: Tx): Promise<{ id: string; jwk: JWK }> {
  const row = (await selectTokenSigner(tx)) ?? (await makeTokenKey(ctx, tx))
  return { id: row.id, jwk: JSON.parse(unseal(ctx.secrets, row.id, row.sealedPrivateKey)) as JWK }
}

async function makeTokenKey(ctx: Ctx, tx: Tx): Promise<{ id: string; sealedPrivateKey: string }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const [jwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])
  const now = ctx.clock.now()
  const id = newId('signingKey', now)
  const sealedPrivateKey = seal(ctx.secrets, id, JSON.stringify(jwk))
  await insertTokenSigner(tx, { id, publicKey: JSON.stringify(publicJwk), sealedPrivateKey, now })
  const stored = await selectTokenSigner(tx)
  if (!stored) throw new Error('the signing key of tokens was stored and is not there')
  return stored
}
