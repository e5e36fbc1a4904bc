import { createHmac, createPublicKey } from 'node:crypto'
import { generateKeyPair, SignJWT, exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { parseIssuers } from './issuer-config.ts'
import { useIssuers } from './issuers.ts'
import { startTestIssuer, type TestIssuer } from './testing/issuer.ts'
import { verifyIssuerToken } from './verify-token-issuer.ts'

let t: TestSystem
let idp: TestIssuer
beforeAll(async () => {
  t = await testSystem()
  idp = await startTestIssuer()
  useIssuers(t.system.config, parseIssuers(fileOf(idp.issuer), {}))
})
afterAll(async () => {
  await idp.stop()
  await t.close()
})

const fileOf = (issuer: string) => `
apiVersion: quarterdeck/v1
kind: Issuers
issuers:
  - name: idp
    issuer: ${issuer}
    algorithms: [RS256]
    api: { audience: [quarterdeck-api], maxAgeSeconds: 3600 }
    claims: { roles: [realm_access.roles], groups: [groups] }
    roles: [{ value: devs, workspace: fraud, role: developer }]
`
const seconds = () => Math.floor(t.clock.now().getTime() / 1000)
const claims = (more: Record<string, unknown> = {}) =>
  Object.fromEntries(
    Object.entries({
      iss: idp.issuer,
      aud: 'quarterdeck-api',
      sub: 'u-1',
      iat: seconds(),
      exp: seconds() + 300,
      name: 'Una',
      ...more,
    }).filter(([, v]) => v !== undefined),
  )
const verify = (text: string, iss = idp.issuer) => verifyIssuerToken(t.system, text, iss)
const refused = (text: string, code = 'unauthenticated', message: RegExp = /./) =>
  expect(verify(text)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string })
const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a bearer token of an identity provider', () => {
  it('stands for (issuer, subject), with what its claims give (ASVS 10.3.2, 10.3.3)', async () => {
    const token = await idp.sign(claims({ realm_access: { roles: ['devs'] }, groups: ['a'], auth_time: 1_700_000_000 }))
    expect(await verify(token)).toEqual({
      issuer: idp.issuer,
      subject: 'u-1',
      name: 'Una',
      kind: 'person',
      authTime: new Date(1_700_000_000_000),
      groups: ['a'],
      roles: [{ workspace: 'fraud', role: 'developer', environment: null, label: null }],
    })
  })

  it('without a claim of roles says that there are none, as with an empty one', async () => {
    expect((await verify(await idp.sign(claims()))).roles).toEqual([])
    expect((await verify(await idp.sign(claims({ groups: [] })))).roles).toEqual([])
  })

  it('tells when its holder signed in, for acts that need a fresh sign-in (ASVS 10.3.4)', async () => {
    expect((await verify(await idp.sign(claims()))).authTime).toBeNull()
    const at = seconds() - 60
    expect((await verify(await idp.sign(claims({ auth_time: at })))).authTime).toEqual(new Date(at * 1000))
  })

  it('that is bound to a key of its sender is refused as a bare bearer token (ASVS 10.3.5)', async () => {
    for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'x' }])
      await refused(await idp.sign(claims({ cnf })), undefined, /bound/)
  })

  it.each<[string, () => Record<string, unknown>]>([
    ['another audience (ASVS 9.2.3, 10.3.1)', () => ({ aud: 'another-api' })],
    ['no audience (ASVS 9.2.4)', () => ({ aud: undefined })],
    ['another issuer (ASVS 10.3.3)', () => ({ iss: 'https://evil.test' })],
    ['no end (ASVS 9.2.1)', () => ({ exp: undefined })],
    ['an end in the past (ASVS 9.2.1)', () => ({ exp: seconds() - 31 })],
    ['a start to come (ASVS 9.2.1)', () => ({ nbf: seconds() + 31 })],
    ['a time of issue to come', () => ({ iat: seconds() + 31 })],
    ['no time of issue', () => ({ iat: undefined })],
    ['too great an age, whatever its end', () => ({ iat: seconds() - 3_700 })],
    ['no subject', () => ({ sub: undefined })],
    ['an empty subject', () => ({ sub: '' })],
  ])('with %s is refused', async (_, wrong) => refused(await idp.sign(claims(wrong()))))

  it('is taken within the clock tolerance of thirty seconds', async () => {
    for (const near of [{ exp: seconds() - 29 }, { nbf: seconds() + 29 }, { iat: seconds() + 29 }])
      await expect(verify(await idp.sign(claims(near)))).resolves.toBeDefined()
  })

  it('of another type is refused, such as an ID token (ASVS 9.2.2)', async () => {
    await refused(await idp.sign(claims(), { typ: 'JWT' }), undefined, /another type/)
    await refused(await idp.sign(claims(), { typ: 'logout+jwt' }), undefined, /another type/)
    await expect(verify(await idp.sign(claims(), { typ: 'application/AT+jwt' }))).resolves.toBeDefined()
  })

  it('without a signature, or with the public key as a secret, is refused (ASVS 9.1.2)', async () => {
    const body = b64(claims())
    for (const alg of ['none', 'None', 'NONE', '']) {
      await refused(`${b64({ alg, typ: 'at+jwt' })}.${body}.`)
      await refused(`${b64({ alg, typ: 'at+jwt' })}.${body}.AA`)
    }
    const pem = createPublicKey({ key: idp.publicJwk(), format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    for (const secret of [pem.toString(), JSON.stringify(idp.publicJwk()), '', ' ']) {
      const head = b64({ alg: 'HS256', typ: 'at+jwt', kid: idp.publicJwk().kid })
      const mac = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')
      await refused(`${head}.${body}.${mac}`)
    }
  })

  it('of an algorithm that is not pinned is refused, though the key would do (ASVS 9.1.2)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('PS256', { extractable: true })
    idp.answers.set('/jwks', { status: 200, body: { keys: [{ ...(await exportJWK(publicKey)), kid: 'ps' }] } })
    t.clock.advance(400_000)
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'PS256', typ: 'at+jwt', kid: 'ps' })
      .sign(privateKey)
    await refused(token, undefined, /ERR_JOSE_ALG_NOT_ALLOWED/)
    idp.answers.clear()
    t.clock.advance(400_000)
  })

  it('with a key of its own in its header is refused: jwk, jku and x5u are never looked at (ASVS 9.1.3)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    for (const header of [
      { jwk },
      { jku: `${idp.issuer}/evil` },
      { x5u: `${idp.issuer}/evil` },
      { kid: '../../dev/null' },
    ]) {
      const kid = idp.publicJwk().kid ?? ''
      await refused(
        await new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header })
          .sign(privateKey),
      )
    }
  })

  it('with changed claims, or in any other spelling of its bytes, is refused (ASVS 9.1.1)', async () => {
    const token = await idp.sign(claims())
    const [head = '', , signature = ''] = token.split('.')
    await refused(`${head}.${b64(claims({ sub: 'root' }))}.${signature}`, undefined, /does not verify/)
    for (const text of [`${token}==`, `${token}\n`, ` ${token}`, token.replace('.', ' .'), `${token}.x`, '..', ''])
      await refused(text, undefined, /canonical/)
    await refused(`${head}.${'A'.repeat(20_000)}.${signature}`, undefined, /canonical/)
  })

  it('of an issuer that is not configured is refused before any key is looked for', async () => {
    await expect(verify(await idp.sign(claims()), 'https://evil.test')).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })
})
