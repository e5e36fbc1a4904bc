import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { parseIssuers } from './issuer-config.ts'
import { useIssuers } from './issuers.ts'
import { startTestIssuer, type TestIssuer } from './testing/issuer.ts'
import { verifyIssuerToken } from './verify-token-issuer.ts'

const head = 'apiVersion: quarterdeck/v1\nkind: Issuers\n'
const oidc = (more: string) =>
  `${head}issuers:\n  - name: idp\n    issuer: https://idp.test\n    algorithms: [RS256]\n${more}`

describe('the file of issuers', () => {
  it.each([
    [
      'an issuer without encryption',
      oidc('    api: { audience: [a] }').replace('https:', 'http:'),
      'must be an https:// URL',
    ],
    [
      'credentials in an address',
      oidc('    api: { audience: [a] }').replace('https://', 'https://u:p@'),
      'https:// URL',
    ],
    ['a symmetric algorithm', oidc('    api: { audience: [a] }').replace('RS256', 'HS256'), 'issuers.0.algorithms.0'],
    ['no algorithm', oidc('    api: { audience: [a] }').replace('[RS256]', '[]'), 'issuers.0.algorithms'],
    [
      'a tolerance above a minute',
      oidc('    api: { audience: [a] }\n    clockToleranceSeconds: 61'),
      'clockToleranceSeconds',
    ],
    ['no use', oidc(''), 'say signIn or api'],
    ['no audience', oidc('    api: { audience: [] }'), 'issuers.0.api.audience'],
    [
      'roles without claims',
      oidc('    api: { audience: [a] }\n    roles: [{ value: x, workspace: fraud, role: viewer }]'),
      'name the claims',
    ],
    [
      'the role of the worker',
      oidc(
        '    api: { audience: [a] }\n    claims: { roles: [r] }\n    roles: [{ value: x, workspace: fraud, role: worker }]',
      ),
      'issuers.0.roles.0.role',
    ],
    ['a secret in the file', oidc('    signIn: { clientId: c, clientSecret: hunter2 }'), 'clientSecret'],
    [
      'a secret of another variable',
      oidc('    signIn: { clientId: c, clientSecret: { env: PATH } }'),
      'QUARTERDECK_OIDC_SECRET_',
    ],
    [
      'a secret that is not set',
      oidc('    signIn: { clientId: c, clientSecret: { env: QUARTERDECK_OIDC_SECRET_X } }'),
      'is not set',
    ],
    ['scopes without openid', oidc('    signIn: { clientId: c, scopes: [profile] }'), 'must have openid'],
    ['a key that it does not know', oidc('    api: { audience: [a] }\n    verify: false'), 'verify'],
    [
      'an issuer twice',
      `${oidc('    api: { audience: [a] }')}${oidc('    api: { audience: [a] }').split('issuers:\n')[1]}`.replace(
        'api: { audience: [a] }  -',
        'api: { audience: [a] }\n  -',
      ),
      'stands there twice',
    ],
  ])('with %s is refused with its place', (_, text, message) => {
    expect(() => parseIssuers(text, {})).toThrow(message)
  })

  it('lists everything that is wrong', () => {
    const text = oidc(
      '    signIn: { clientId: c, scopes: [profile], clientSecret: { env: QUARTERDECK_OIDC_SECRET_X } }',
    )
    expect(() => parseIssuers(text, {})).toThrow(/is not set\n.*must have openid/)
  })

  it('with a condition that does not compile says where', () => {
    const text = `${head}workloads:\n  - name: ci\n    issuer: https://ci.test\n    algorithms: [RS256]\n    audience: [a]\n    services: [{ when: 'claims.ref ==', service: bot }]`
    expect(() => parseIssuers(text, {})).toThrow(/workloads\.0\.services\.0\.when: .*line 1/)
  })
})

describe('a token of a workload', () => {
  let t: TestSystem
  let idp: TestIssuer
  beforeAll(async () => {
    t = await testSystem()
    idp = await startTestIssuer()
    const file = `${head}workloads:
  - name: github
    issuer: ${idp.issuer}
    algorithms: [RS256]
    audience: [quarterdeck-api]
    jwksMaxAgeSeconds: 60
    services:
      - when: claims.repository == "acme/fraud" && claims.ref == "refs/heads/main"
        service: fraud-ci
        roles: [{ workspace: fraud, role: developer }]`
    useIssuers(t.system.config, parseIssuers(file, {}))
  })
  afterAll(async () => {
    await idp.stop()
    await t.close()
  })
  const token = (more: Record<string, unknown>, header = {}) => {
    const now = Math.floor(t.clock.now().getTime() / 1000)
    const claims = { iss: idp.issuer, aud: 'quarterdeck-api', sub: 'repo:acme/fraud', iat: now, exp: now + 300 }
    return idp.sign({ ...claims, ...more }, { typ: 'JWT', ...header })
  }
  const main = { repository: 'acme/fraud', ref: 'refs/heads/main' }
  const verify = async (more: Record<string, unknown>, header = {}) =>
    verifyIssuerToken(t.system, await token(more, header), idp.issuer)

  it('stands for the service whose condition holds', async () => {
    expect(await verify(main)).toMatchObject({
      issuer: idp.issuer,
      subject: 'service:fraud-ci',
      kind: 'service',
      roles: [{ workspace: 'fraud', role: 'developer' }],
    })
  })

  it('is refused when none holds, and when a claim is missing says which', async () => {
    await expect(verify({ ...main, ref: 'refs/heads/evil' })).rejects.toThrow('no service of github')
    await expect(verify({ repository: 'acme/fraud' })).rejects.toThrow('claims.ref is missing')
    await expect(verify({ ...main, aud: 'sts.amazonaws.com' })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('of an unknown key leads to one look at the keys, however many come, and a retired key is refused', async () => {
    await verify(main)
    t.clock.advance(6_000)
    const old = await token(main)
    await idp.rotate(true)
    const before = idp.reads()
    await Promise.all(Array.from({ length: 20 }, () => verify(main)))
    expect(idp.reads()).toBe(before + 1)
    await expect(verifyIssuerToken(t.system, old, idp.issuer)).resolves.toBeDefined()
    await Promise.allSettled(Array.from({ length: 20 }, () => verify(main, { kid: 'made-up' })))
    expect(idp.reads()).toBe(before + 1)
    await idp.rotate(false)
    t.clock.advance(60_000)
    await expect(verifyIssuerToken(t.system, old, idp.issuer)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('is verified with the last known keys while the issuer is away, for an hour', async () => {
    await verify(main)
    idp.answers.set('/jwks', { status: 503, body: {} })
    t.clock.advance(70_000)
    await expect(verify(main)).resolves.toBeDefined()
    t.clock.advance(3_700_000)
    await expect(verify(main)).rejects.toMatchObject({ code: 'unavailable' })
    idp.answers.clear()
    t.clock.advance(6_000)
    await expect(verify(main)).resolves.toBeDefined()
  })

  it('is not verified with keys that a redirect leads to', async () => {
    t.clock.advance(5_000_000)
    idp.answers.set('/jwks', { status: 302, location: `${idp.issuer}/elsewhere`, body: {} })
    idp.answers.set('/elsewhere', { status: 200, body: { keys: [idp.publicJwk()] } })
    await expect(verify(main)).rejects.toMatchObject({ code: 'unavailable' })
    idp.answers.clear()
  })
})
