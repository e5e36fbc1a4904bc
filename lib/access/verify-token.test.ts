import { createHmac, createPrivateKey, sign } from 'node:crypto'
import { SignJWT, exportJWK, generateKeyPair, importJWK, type JWK, type JWTHeaderParameters } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issueToken } from '#lib/members/issue-token.ts'
import { revokeToken } from '#lib/members/revoke-token.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { newId } from '#lib/platform/ids.ts'
import { seal, unseal } from '#lib/platform/seal.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { verifyToken } from './verify-token.ts'

let t: TestSystem
let ws: TestWorkspace
let dana: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  dana = await ws.as('developer', 'dana')
})
afterAll(() => t.close())

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>
const refused = (text: string, why: string | RegExp = /./) =>
  expect(verifyToken(t.system, text)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringMatching(why) as string,
  })

/** The installation's own signing key, to make tokens that only one thing is wrong with. */
async function ownKey(): Promise<{ kid: string; jwk: JWK; publicText: string }> {
  const row = await t.system.db
    .selectFrom('signing_key')
    .selectAll()
    .where('purpose', '=', 'token')
    .where('retired_at', 'is', null)
    .executeTakeFirstOrThrow()
  return {
    kid: row.id,
    jwk: JSON.parse(unseal(t.system.secrets, row.id, row.sealed_private_key)) as JWK,
    publicText: row.public_key,
  }
}

async function forged(
  claims: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const { token } = await issueToken(dana, {})
  const { kid, jwk } = await ownKey()
  const payload = Object.fromEntries(
    Object.entries({ ...decode(token.split('.')[1]), ...claims }).filter(([, v]) => v !== undefined),
  )
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
    .sign(await importJWK(jwk, 'ES256'))
}

describe('a bearer token', () => {
  it('stands for whom it was issued to (ASVS 9.1.1)', async () => {
    const { id, token, expiresAt } = await issueToken(dana, { lifetimeSeconds: 600 })
    expect(await verifyToken(t.system, token)).toEqual({
      actor: { ...dana.actor, via: 'api' },
      actorId: dana.actorId,
      tokenId: id,
    })
    expect(expiresAt).toEqual(new Date(t.clock.now().getTime() + 600_000))
    expect(decode(token.split('.')[0])).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(JSON.stringify(decode(token.split('.')[1]))).not.toContain('developer')
  })

  it('leaves no trace of itself in the database', async () => {
    const { token } = await issueToken({ ...dana, idempotency: { key: 'k', requestDigest: 'd' } }, {})
    const kept = await t.system.db.selectFrom('audit_detail').select('content').execute()
    expect(JSON.stringify(kept)).not.toContain(token.slice(-40))
    expect(await t.system.db.selectFrom('idempotency_key').selectAll().execute()).toEqual([])
  })

  it('made by hand with our key and our claims is accepted, so that the refusals below mean something', async () => {
    await expect(verifyToken(t.system, await forged())).resolves.toMatchObject({ actorId: dana.actorId })
  })

  it('ends at its time, give or take thirty seconds (ASVS 9.2.1)', async () => {
    const { token } = await issueToken(dana, { lifetimeSeconds: 60 })
    t.clock.advance(85_000)
    for (let i = 0; i < 2; i++) await expect(verifyToken(t.system, token)).resolves.toBeDefined()
    t.clock.advance(10_000)
    await refused(token, 'has expired')
  })

  it('is refused once revoked, at once (ASVS 7.4.1)', async () => {
    const { id, token } = await issueToken(dana, {})
    // Its signature is known by now: that must not carry it over the revocation.
    for (let i = 0; i < 2; i++) await expect(verifyToken(t.system, token)).resolves.toMatchObject({ tokenId: id })
    await revokeToken(await ws.as('admin'), { tokenId: id, reason: 'was lost' })
    await refused(token, 'was revoked')
    await expect(revokeToken(await ws.as('admin'), { tokenId: id, reason: 'was lost' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('is revoked only where its holder has a role, and only by an admin', async () => {
    const { id } = await issueToken(dana, {})
    const other = await t.workspace()
    await expect(revokeToken(await other.as('admin'), { tokenId: id, reason: 'mischief' })).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(revokeToken(dana, { tokenId: id, reason: 'mischief' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(revokeToken(await ws.as('admin'), { tokenId: 'x', reason: '' })).rejects.toMatchObject({
      code: 'invalid',
    })
  })

  const hour = 3_600
  const seconds = () => Math.floor(t.clock.now().getTime() / 1000)
  it.each<[string, () => Record<string, unknown>]>([
    ['another issuer (ASVS 10.3.3)', () => ({ iss: 'https://evil.test' })],
    ['another audience (ASVS 9.2.3)', () => ({ aud: 'another-api' })],
    ['no audience', () => ({ aud: undefined })],
    ['no end', () => ({ exp: undefined })],
    ['no subject', () => ({ sub: undefined })],
    ['no id', () => ({ jti: undefined })],
    ['no time of issue', () => ({ iat: undefined })],
    [
      'an age above a day, whatever its end (ASVS 9.2.1)',
      () => ({ iat: seconds() - 25 * hour, exp: seconds() + hour }),
    ],
    ['a time of issue to come', () => ({ iat: seconds() + hour })],
    ['a start to come', () => ({ nbf: seconds() + hour })],
    ['an id that was never issued', () => ({ jti: newId('token', t.clock.now()) })],
    ['the name of somebody else', () => ({ sub: 'somebody-else' })],
    ['the issuer of somebody else', () => ({ idp: 'https://elsewhere.test' })],
    ['an issuer that is no text', () => ({ idp: 7 })],
  ])('with %s is refused', async (_, claims) => {
    await refused(await forged(claims()))
  })

  it.each<[string, Partial<JWTHeaderParameters>]>([
    ['of another type (ASVS 9.2.2)', { typ: 'JWT' }],
    ['of no type', { typ: undefined as unknown as string }],
    ['with a key id out of the file system (ASVS 9.1.3)', { kid: '../../dev/null' }],
    ['with a key id out of SQL', { kid: "' or 1=1 --" }],
    ['with a critical extension that nobody knows', { crit: ['nobody-knows'], 'nobody-knows': 1 }],
  ])('%s is refused', async (_, header) => {
    const token = await forged()
    const { kid, jwk } = await ownKey()

    const head = encode({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
    const body = token.split('.')[1] ?? ''

    const key = createPrivateKey({ key: jwk, format: 'jwk' })
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' })
    await refused(`${head}.${body}.${signature.toString('base64url')}`)
  })

  it('with a key of its own in the header is refused: jwk, jku and x5u are never looked at (ASVS 9.1.3)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const body = decode((await forged()).split('.')[1])
    for (const header of [{ jwk }, { jku: 'https://evil.test/jwks' }, { x5u: 'https://evil.test/x5u' }]) {
      const own = { alg: 'ES256', typ: 'at+jwt', kid: (await ownKey()).kid, ...header }
      await refused(await new SignJWT(body).setProtectedHeader(own).sign(privateKey))
    }
  })

  it('without a signature, or with the public key as a secret, is refused (ASVS 9.1.2)', async () => {
    const [, body = ''] = (await forged()).split('.')
    const { kid, publicText } = await ownKey()
    for (const alg of ['none', 'None', 'NONE', '']) {
      const head = encode({ alg, typ: 'at+jwt', kid })
      await refused(`${head}.${body}.`)
      await refused(`${head}.${body}.AA`)
    }
    for (const secret of [publicText, '', 'quarterdeck']) {
      const head = encode({ alg: 'HS256', typ: 'at+jwt', kid })
      const mac = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')
      await refused(`${head}.${body}.${mac}`)
    }
  })

  it('with changed claims is refused (ASVS 9.1.1)', async () => {
    const [head = '', body, signature = ''] = (await forged()).split('.')
    await refused(`${head}.${encode({ ...decode(body), sub: 'root' })}.${signature}`, 'does not verify')
  })

  it('in any other spelling of the same bytes is refused', async () => {
    const token = await forged()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(token.at(-1)!)
    const twin = `${token.slice(0, -1)}${alphabet[last ^ 1]}`
    expect(Buffer.from(twin.split('.')[2]!, 'base64url')).toEqual(Buffer.from(token.split('.')[2]!, 'base64url'))
    for (const text of [
      twin,
      `${token}==`,
      `${token}\n`,
      ` ${token}`,
      token.replace('.', ' .'),
      token.replaceAll('-', '+').replaceAll('_', '/') + '=',
      '',
      '..',
      'a.b',
      `${token}.x`,
      'x'.repeat(5_000),
    ])
      await refused(text, 'canonical')
  })

  it('signed by the next key is accepted after one look, and one signed before it as well', async () => {
    const old = await forged()
    await verifyToken(t.system, old)
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const [jwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])
    t.clock.advance(3_000)
    const now = t.clock.now()
    await housekeep(t.system, 'session', async (tx) => {
      await tx.updateTable('signing_key').set({ retired_at: now }).where('purpose', '=', 'token').execute()
      const id = newId('signingKey', now)
      await tx
        .insertInto('signing_key')
        .values({
          id,
          purpose: 'token',
          public_key: JSON.stringify(publicJwk),
          sealed_private_key: seal(t.system.secrets, id, JSON.stringify(jwk)),
          created_at: now,
          retired_at: null,
        })
        .execute()
    })
    await expect(verifyToken(t.system, await forged())).resolves.toBeDefined()
    await expect(verifyToken(t.system, old)).resolves.toBeDefined()
  })

  it('makes one signing key, however many are asked for first at once', async () => {
    const other = await testSystem()
    try {
      const person = await (await other.workspace()).as('developer')
      const issued = await Promise.all(Array.from({ length: 8 }, () => issueToken(person, {})))
      for (const { token } of issued) await expect(verifyToken(other.system, token)).resolves.toBeDefined()
      expect(
        await other.system.db.selectFrom('signing_key').select('id').where('purpose', '=', 'token').execute(),
      ).toHaveLength(1)
    } finally {
      await other.close()
    }
  })
})
