import { createPublicKey } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenAudience, tokenType } from '#lib/access/token-claims.ts'
import { issueToken } from '#lib/members/issue-token.ts'
import { revokeToken } from '#lib/members/revoke-token.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { unseal } from '#lib/platform/seal.ts'
import { testApi, tokenOf, type Site, type TestApi } from './testing/api.ts'

type Key = Awaited<ReturnType<typeof importJWK>>
type Forge = { dana: Ctx; good: string; kid: string; jwk: JWK; publicJwk: JWK; key: Key; jti: string }

let api: TestApi
let site: Site
let forge: Forge
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  const dana = site.people.developer.ctx
  const issued = await issueToken(dana, {})
  const row = await api.t.system.db
    .selectFrom('signing_key')
    .selectAll()
    .where('purpose', '=', 'token')
    .executeTakeFirstOrThrow()
  const jwk = JSON.parse(unseal(api.t.system.secrets, row.id, row.sealed_private_key)) as JWK
  const publicJwk = JSON.parse(row.public_key) as JWK
  const key = await importJWK(jwk, 'ES256')
  forge = { dana, good: issued.token, kid: row.id, jwk, publicJwk, key, jti: issued.id }
})
afterAll(() => api.close())

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const parts = () => forge.good.split('.') as [string, string, string]
const claims = () => JSON.parse(Buffer.from(parts()[1], 'base64url').toString()) as Record<string, unknown>
const seconds = () => Math.floor(api.t.clock.now().getTime() / 1000)

/** Signs with our own key what our issuer would not say. */
const signed = (
  payload: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key: Key | Uint8Array = forge.key,
) =>
  new SignJWT({ ...claims(), ...payload })
    .setProtectedHeader({ alg: 'ES256', typ: tokenType, kid: forge.kid, ...header })
    .sign(key)
const without = (name: string) => {
  const rest = claims()
  delete rest[name]
  return new SignJWT(rest).setProtectedHeader({ alg: 'ES256', typ: tokenType, kid: forge.kid }).sign(forge.key)
}

const shape = 'it is not a compact JWS in canonical base64url'
const unverified = (code: string) => `it does not verify (${code})`
const alg = unverified('ERR_JOSE_ALG_NOT_ALLOWED')
const signature = unverified('ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
const claim = unverified('ERR_JWT_CLAIM_VALIDATION_FAILED')
const noKey = unverified('ERR_JWKS_NO_MATCHING_KEY')

/** The token, or what is sent in the header as it is, and why it is refused. */
const broken: [name: string, make: () => string | Promise<string>, because: string][] = [
  ['without a signature, alg none', () => `${b64({ alg: 'none', typ: tokenType })}.${parts()[1]}.`, shape],
  [
    'alg none with a signature',
    () => `${b64({ alg: 'none', typ: tokenType, kid: forge.kid })}.${parts()[1]}.${parts()[2]}`,
    alg,
  ],
  [
    'signed by HS256 with our public key',
    () => {
      const pem = createPublicKey({ key: forge.publicJwk, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      })
      return signed({}, { alg: 'HS256' }, Buffer.from(pem))
    },
    alg,
  ],
  [
    'signed by HS256 with the public JWK',
    () => signed({}, { alg: 'HS256' }, Buffer.from(JSON.stringify(forge.publicJwk).padEnd(64))),
    alg,
  ],
  ['a kid that walks up folders', () => signed({}, { kid: '../../../../dev/null' }), noKey],
  ['a kid with SQL in it', () => signed({}, { kid: "x' union select 'y" }), noKey],
  ['signed by a key of its own', async () => signed({}, {}, (await generateKeyPair('ES256')).privateKey), signature],
  [
    'a key of its own in its header',
    async () => {
      const pair = await generateKeyPair('ES256', { extractable: true })
      return signed({}, { jwk: await exportJWK(pair.publicKey) }, pair.privateKey)
    },
    signature,
  ],
  [
    'a key set of its own by jku and x5u',
    async () => {
      const { privateKey } = await generateKeyPair('ES256')
      return signed({}, { jku: 'http://127.0.0.1:1/jwks', x5u: 'http://127.0.0.1:1/x5u' }, privateKey)
    },
    signature,
  ],
  [
    'a critical extension that nobody knows',
    () => `${b64({ alg: 'ES256', typ: tokenType, kid: forge.kid, crit: ['x'], x: 1 })}.${parts()[1]}.${parts()[2]}`,
    unverified('ERR_JOSE_NOT_SUPPORTED'),
  ],
  [
    'a payload that was altered',
    () => `${parts()[0]}.${b64({ ...claims(), sub: 'somebody' })}.${parts()[2]}`,
    signature,
  ],
  [
    'a header that was altered',
    () => `${b64({ alg: 'ES256', typ: tokenType, kid: forge.kid, x: 1 })}.${parts()[1]}.${parts()[2]}`,
    signature,
  ],
  ['a payload that is no JSON', () => signedText('hello'), unverified('ERR_JWT_INVALID')],
  ['expired', () => signed({ iat: seconds() - 120, exp: seconds() - 31 }), 'it has expired: get another'],
  ['not valid yet', () => signed({ nbf: seconds() + 120 }), claim],
  ['issued in the future', () => signed({ iat: seconds() + 120 }), claim],
  ['older than a day', () => signed({ iat: seconds() - 86_431, exp: seconds() + 60 }), 'it is older than a day'],
  ['for another audience', () => signed({ aud: 'another-api' }), claim],
  ['without an audience', () => without('aud'), claim],
  ['by another issuer', () => signed({ iss: 'https://idp.test' }), 'its issuer is not accepted here'],
  ['without an issuer', () => without('iss'), claim],
  ['without an end', () => without('exp'), claim],
  ['without a beginning', () => without('iat'), claim],
  ['without an id', () => without('jti'), claim],
  ['without a subject', () => without('sub'), claim],
  ['without the provider that knows the subject', () => without('idp'), 'it lacks jti, sub or idp'],
  ['an end that is text', () => signed({ exp: 'never' }), claim],
  ['an ID token, by its type', () => signed({}, { typ: 'JWT' }), claim],
  [
    'without a type',
    () => new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: forge.kid }).sign(forge.key),
    claim,
  ],
  ['an id that was never issued', () => signed({ jti: 'tk_01jqfx5n9re9wv3k7c2m8d4t6h' }), 'it was revoked'],
  [
    'the name of somebody else',
    () => signed({ sub: site.people.admin.ctx.actor.subject }),
    'it names somebody else than it was issued to',
  ],
  [
    'revoked',
    async () => {
      const { id, token } = await issueToken(forge.dana, {})
      await revokeToken(systemCtx(api.t.system, site.ws.id), { tokenId: id, reason: 'lost' })
      return token
    },
    'it was revoked',
  ],
  ['padding', () => `${forge.good}==`, shape],
  ['spaces before it', () => `  ${forge.good}`, shape],
  ['a space within it', () => forge.good.replace('.', ' .'), shape],
  ['characters of ordinary base64', () => `${parts()[0]}.${parts()[1]}.${'+/'.repeat(43)}`, shape],
  ['unused bits set in its last character', () => lastBits(forge.good), shape],
  ['a fourth part', () => `${forge.good}.e30`, shape],
  ['five parts, as an encrypted token', () => `${forge.good}.e30.e30`, shape],
  ['too long', () => `${parts()[0]}.${'A'.repeat(5000)}.${parts()[2]}`, shape],
  ['the word null', () => 'null', shape],
]

const signedText = (text: string) => {
  const head = b64({ alg: 'ES256', typ: tokenType, kid: forge.kid })
  return crypto.subtle
    .sign({ name: 'ECDSA', hash: 'SHA-256' }, forge.key as CryptoKey, Buffer.from(`${head}.${b64(text)}`))
    .then((s) => `${head}.${b64(text)}.${Buffer.from(s).toString('base64url')}`)
}
// 64 bytes leave four unused bits in the last of 86 characters.
const lastBits = (token: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${token.slice(0, -1)}${alphabet[alphabet.indexOf(token.at(-1)!) + 1]}`
}

const ask = (headers: Record<string, string>) => api.call('GET', '/api/v1/models', { headers })

describe('a bearer token is refused', () => {
  it.each(broken)('with %s', async (_, make, because) => {
    const answer = await ask({ authorization: `Bearer ${await make()}` })
    expect(answer.body).toMatchObject({
      status: 401,
      code: 'unauthenticated',
      detail: `The bearer token is not accepted: ${because}.`,
    })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="quarterdeck"')
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['no header', {}, /^Send a token/],
    ['an empty header', { authorization: '' }, /must be the word Bearer/],
    ['the scheme alone', { authorization: 'Bearer' }, /must be the word Bearer/],
    ['another scheme', { authorization: 'Basic ZGFuYTpkYW5h' }, /must be the word Bearer/],
    ['a session cookie', { cookie: `quarterdeck=${'a'.repeat(43)}` }, /^Send a token/],
  ])('when there is %s', async (_, headers, detail) => {
    expect((await ask(headers)).body).toMatchObject({ status: 401, detail: expect.stringMatching(detail) })
  })

  it('in the query and in the body', async () => {
    expect((await api.call('GET', `/api/v1/models?access_token=${forge.good}`)).status).toBe(401)
    const body = { name: 'model', title: 'M', access_token: forge.good }
    expect((await api.call('POST', '/api/v1/models', { body })).status).toBe(401)
  })
})

describe('a bearer token is accepted', () => {
  it('as it was issued, and what was forged above was forged with the true key', async () => {
    expect((await ask({ authorization: `Bearer ${forge.good}` })).status).toBe(200)
    expect((await ask({ authorization: `bearer ${await signed({})}` })).status).toBe(200)
    expect((await ask({ authorization: `Bearer ${await signed({ aud: [tokenAudience, 'other'] })}` })).status).toBe(200)
  })

  it('until its last second and the tolerance are over, and not after', async () => {
    const ctx = await site.ws.as('developer', 'short-lived')
    const token = await tokenOf(ctx, 60)
    api.t.clock.advance(60_000 + 29_000)
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200)
    api.t.clock.advance(2_000)
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(401)
  })

  it('but gives nothing to somebody whose roles were taken away', async () => {
    const ctx = await site.ws.as('developer', 'leaver')
    const token = await tokenOf(ctx)
    const { body } = await api.call('GET', '/api/v1/members', { token })
    const mine = (body as { items: { bindingId: string; name: string }[] }).items.find((m) => m.name === 'leaver')!
    const { token: admin } = site.people.admin
    await api.call('POST', `/api/v1/members/${mine.bindingId}/unbind`, { token: admin, body: { reason: 'left us' } })
    expect((await api.call('GET', '/api/v1/models', { token })).body).toMatchObject({
      status: 403,
      detail: 'You have no role in any workspace. Ask an admin for one.',
    })
  })
})
