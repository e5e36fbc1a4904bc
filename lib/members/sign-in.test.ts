import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseIssuers } from '#lib/access/issuer-config.ts'
import { useIssuers } from '#lib/access/issuers.ts'
import { startTestIssuer, type TestIssuer } from '#lib/access/testing/issuer.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { beginSignIn } from './begin-sign-in.ts'
import { finishSignIn } from './finish-sign-in.ts'
import { listSessions } from './reads-sessions.ts'
import { resumeSession } from './resume-session.ts'
import { safeReturnTo, signInSeconds } from './sign-in-state.ts'
import { signOutEverywhere } from './sign-out-everywhere.ts'
import { signOut } from './sign-out.ts'

let t: TestSystem
let idp: TestIssuer
let workspace: string
beforeAll(async () => {
  t = await testSystem()
  idp = await startTestIssuer()
  workspace = (await t.workspace()).name
  useIssuers(t.system.config, parseIssuers(fileOf(idp.issuer), {}))
})
afterAll(async () => {
  await idp.stop()
  await t.close()
})
beforeEach(() => idp.answers.clear())

const fileOf = (issuer: string) => `
apiVersion: quarterdeck/v1
kind: Issuers
issuers:
  - name: idp
    issuer: ${issuer}
    algorithms: [RS256]
    signIn: { clientId: console }
    claims: { roles: [roles] }
    roles: [{ value: devs, workspace: ${workspace}, role: developer }]
`
const seconds = () => Math.floor(t.clock.now().getTime() / 1000)
type More = {
  claims?: Record<string, unknown>
  header?: Record<string, string>
  confirms?: string
  sessionCookie?: string
}

/** Goes to the issuer and comes back with an ID token of these claims. */
async function begun({ claims = {}, header = {}, confirms }: More = {}) {
  const begin = await beginSignIn(t.system, {
    issuer: 'idp',
    returnTo: '/models',
    ...(confirms === undefined ? {} : { confirms: { identityId: confirms } }),
  })
  const asked = new URL(begin.redirectTo).searchParams
  const own = { iss: idp.issuer, aud: 'console', sub: 'u-1', name: 'Una', iat: seconds(), exp: seconds() + 300 }
  const all = { ...own, nonce: asked.get('nonce'), roles: ['devs'], ...claims }
  const idToken = await idp.sign(all, { typ: 'JWT', ...header })
  idp.answers.set('/token', { status: 200, body: { access_token: 'x', token_type: 'Bearer', id_token: idToken } })
  return { ...begin, asked, query: `code=c&state=${asked.get('state') ?? ''}` }
}
const back = (from: { query: string; cookie: string | undefined }, sessionCookie?: string) =>
  finishSignIn(t.system, {
    query: from.query,
    stateCookie: from.cookie,
    sessionCookie,
    agent: 'a test',
    requestId: 'req_test0001',
  })
const signIn = async (more: More = {}) => back(await begun(more), more.sessionCookie)
const refusals = async () =>
  (await t.system.db.selectFrom('audit_entry').select('id').where('kind', '=', 'session:refuse').execute()).length

describe('signing in with an identity provider', () => {
  it('asks with code, PKCE S256, state and nonce, each fresh, at the issuer’s own address', async () => {
    const [a, b] = [await begun(), await begun()]
    expect(a.redirectTo.startsWith(`${idp.issuer}/authorize?`)).toBe(true)
    expect(Object.fromEntries(a.asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      client_id: 'console',
      redirect_uri: `${t.system.config.origin}/sign-in/callback`,
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(a.asked.get(name)?.length).toBeGreaterThan(20)
      expect(a.asked.get(name)).not.toBe(b.asked.get(name))
    }
    expect(a.cookie).not.toContain(a.asked.get('state'))
  })

  it('makes a session of (issuer, subject) with the roles that claims give, and entries (ASVS 10.5.2)', async () => {
    const { cookie, returnTo, identityId } = await signIn({ claims: { auth_time: seconds() - 5, email: 'x@y.test' } })
    expect(returnTo).toBe('/models')
    const who = await resumeSession(t.system, cookie)
    expect(who?.actor).toMatchObject({ issuer: idp.issuer, subject: 'u-1', name: 'Una', kind: 'person' })
    expect(who?.actor.authTime).toEqual(new Date((seconds() - 5) * 1000))
    const held = await t.system.db
      .selectFrom('role_binding')
      .select(['role', 'source'])
      .where('identity_id', '=', identityId)
      .where('revoked_at', 'is', null)
      .execute()
    expect(held).toEqual([{ role: 'developer', source: 'claim' }])
    const kinds = await t.system.db.selectFrom('audit_entry').select(['kind', 'actor_id']).orderBy('id').execute()
    expect(kinds).toContainEqual({ kind: 'session:start', actor_id: identityId })
    expect(kinds.some((k) => k.kind === 'member:claim')).toBe(true)
  })

  it('ends roles that the claims say no more, at the next sign-in', async () => {
    const { identityId } = await signIn({ claims: { roles: [] } })
    const query = t.system.db.selectFrom('role_binding').select('id').where('identity_id', '=', identityId)
    expect(await query.where('revoked_at', 'is', null).execute()).toEqual([])
  })

  it.each<[string, More]>([
    ['another nonce (ASVS 10.5.1)', { claims: { nonce: 'n'.repeat(43) } }],
    ['no nonce (ASVS 10.5.1)', { claims: { nonce: undefined } }],
    ['another audience (ASVS 10.5.4)', { claims: { aud: 'another-client' } }],
    ['another issuer (ASVS 10.5.3)', { claims: { iss: 'https://evil.test' } }],
    ['an end in the past', { claims: { exp: 1_000 } }],
    ['a key that is not the issuer’s', { header: { kid: 'made-up' } }],
  ])('is refused with an ID token of %s, and recorded', async (_, more) => {
    t.clock.advance(61_000)
    const before = await refusals()
    await expect(signIn(more)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await refusals()).toBe(before + 1)
  })

  it('is refused when the issuer names another issuer in its metadata (ASVS 10.5.3)', async () => {
    const other = await startTestIssuer()
    const config = { ...t.system.config }
    useIssuers(config, parseIssuers(fileOf(other.issuer), {}))
    const evil = { issuer: 'https://evil.test', jwks_uri: `${other.issuer}/jwks` }
    other.answers.set('/.well-known/openid-configuration', { status: 200, body: evil })
    const begin = beginSignIn({ ...t.system, config }, { issuer: 'idp' })
    await expect(begin).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('evil.test') as string,
    })
    await other.stop()
  })

  it('is refused when it comes back twice, in another browser, or too late', async () => {
    const once = await begun()
    await back(once)
    await expect(back(once)).rejects.toThrow('finished already')
    const foreign = await begun()
    await expect(back({ ...foreign, cookie: undefined })).rejects.toThrow('not begun in this browser')
    await expect(back({ ...foreign, cookie: (await begun()).cookie })).rejects.toThrow('not begun in this browser')
    await expect(back({ ...foreign, cookie: `${foreign.cookie}x` })).rejects.toThrow('not begun in this browser')
    const late = await begun()
    t.clock.advance(signInSeconds * 1000 + 1)
    await expect(back(late)).rejects.toThrow('minutes ago')
  })

  it('is in the log whether it went well or not, with how, when and why (ASVS 16.3.1)', async () => {
    t.clock.advance(61_000)
    const { cookie, identityId } = await signIn({ claims: { auth_time: seconds() - 5 } })
    const authTime = new Date((seconds() - 5) * 1000).toISOString()
    await signIn({ confirms: identityId, sessionCookie: cookie, claims: { auth_time: seconds() } })
    await expect(signIn({ claims: { nonce: 'n'.repeat(43) } })).rejects.toMatchObject({ code: 'forbidden' })
    const rows = await t.system.db
      .selectFrom('audit_entry as e')
      .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
      .select(['e.kind', 'e.outcome', 'e.actor_id', 'e.request_id', 'd.content'])
      .where('e.kind', 'like', 'session:%')
      .orderBy('e.id', 'desc')
      .limit(3)
      .execute()
    const [refused, confirmed, started] = rows.map((r) => ({
      ...r,
      content: JSON.parse(r.content ?? 'null') as object,
    }))
    const done = { outcome: 'done', actor_id: identityId, request_id: 'req_test0001' }
    expect(started).toMatchObject({
      ...done,
      kind: 'session:start',
      content: { after: { authTime }, because: 'signed in with idp' },
    })
    expect(confirmed).toMatchObject({ ...done, kind: 'session:confirm' })
    expect(refused).toMatchObject({ kind: 'session:refuse', outcome: 'denied', request_id: 'req_test0001' })
    expect(refused?.content).toMatchObject({ because: expect.stringMatching(/does not verify/) as string })
  })

  it('never leads to another site', () => {
    for (const evil of [
      'https://evil.test',
      '//evil.test',
      '/\\evil.test',
      'javascript:1',
      '',
      null,
      `/${'x'.repeat(2_000)}`,
    ])
      expect(safeReturnTo(evil)).toBe('/')
    expect(safeReturnTo('/models?x=1#frag')).toBe('/models?x=1')
  })

  it('takes the place of the session that the browser had (ASVS 7.2.4)', async () => {
    const first = await signIn()
    const second = await signIn({ sessionCookie: first.cookie })
    expect(await resumeSession(t.system, first.cookie)).toBeUndefined()
    expect(await resumeSession(t.system, second.cookie)).toBeDefined()
  })
})

describe('confirming who one is', () => {
  it('asks the issuer to ask again, and is recorded', async () => {
    const { identityId, cookie } = await signIn()
    const { asked } = await begun({ confirms: identityId })
    expect([asked.get('prompt'), asked.get('max_age')]).toEqual(['login', '0'])
    const confirmed = await signIn({ confirms: identityId, sessionCookie: cookie, claims: { auth_time: seconds() } })
    expect(await resumeSession(t.system, cookie)).toBeUndefined()
    expect((await resumeSession(t.system, confirmed.cookie))?.actor.authTime).toEqual(new Date(seconds() * 1000))
  })

  it('is refused to somebody else, and without being asked again', async () => {
    const { identityId, cookie } = await signIn()
    await expect(signIn({ confirms: identityId, claims: { sub: 'u-2' } })).rejects.toThrow('Somebody else')
    const old = { auth_time: seconds() - 600 }
    await expect(signIn({ confirms: identityId, claims: old })).rejects.toThrow('did not ask you again')
    expect(await resumeSession(t.system, cookie)).toBeDefined()
  })
})

describe('signing out', () => {
  it('ends the session here and leads to the issuer’s own sign-out, with its ID token as hint', async () => {
    const { cookie } = await signIn()
    const who = await resumeSession(t.system, cookie)
    const ctx = { ...t.system, ...who!, workspaceId: rootWorkspaceId, requestId: 'req_test0002' }
    const url = new URL((await signOut(ctx, cookie)) ?? '')
    expect(`${url.origin}${url.pathname}`).toBe(`${idp.issuer}/logout`)
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${t.system.config.origin}/sign-in`)
    expect(url.searchParams.get('id_token_hint')).toMatch(/^ey/)
    expect(await resumeSession(t.system, cookie)).toBeUndefined()
    const rows = await t.system.db
      .selectFrom('session')
      .select('sealed_id_token')
      .where('revoked_at', 'is not', null)
      .execute()
    expect(rows.every((r) => r.sealed_id_token === null)).toBe(true)
  })

  it('everywhere ends every session of the person and nobody else’s', async () => {
    const [a, b, other] = [await signIn(), await signIn(), await signIn({ claims: { sub: 'u-3' } })]
    const who = await resumeSession(t.system, a.cookie)
    const ctx = { ...t.system, ...who!, workspaceId: rootWorkspaceId, requestId: 'req_test0003' }
    expect((await listSessions(ctx)).length).toBeGreaterThanOrEqual(2)
    const { sessions } = await signOutEverywhere(ctx)
    expect(sessions).toBeGreaterThanOrEqual(2)
    for (const { cookie } of [a, b]) expect(await resumeSession(t.system, cookie)).toBeUndefined()
    expect(await resumeSession(t.system, other.cookie)).toBeDefined()
    expect(await listSessions(ctx)).toEqual([])
  })
})
