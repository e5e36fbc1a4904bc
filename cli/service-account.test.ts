import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testApi, tokenOf, type Site, type TestApi } from '#lib/api/testing/api.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { runningApi } from './testing/running.ts'

let api: TestApi
let site: Site
let cli: Awaited<ReturnType<typeof runningApi>>
let folder: string
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  cli = await runningApi(api)
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-account-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cli.close()
  await api.close()
})
const entries = (kind: string, resourceId: string) =>
  api.t.system.db
    .selectFrom('audit_entry')
    .select(['outcome', 'actor_id'])
    .where('kind', '=', kind)
    .where('resource_id', '=', resourceId)
    .orderBy('id')
    .execute()

describe('quarterdeck service-account', () => {
  it('creates, lists, issues a token that works, and disables; each act is recorded', async () => {
    const { ctx, token } = site.people.admin
    const admin = cli.as(token)
    const made = await admin(['service-account', 'create', 'robot', '--purpose', 'nightly evaluation'])
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const [id = '', issuer, subject] = made.stdout.trim().split('\n')
    expect([id, issuer, subject]).toEqual([
      expect.stringMatching(/^sv_/),
      expect.stringMatching(/^issuer: \S+$/),
      expect.stringMatching(/^subject: \S+$/),
    ])
    const issued = await admin(['service-account', 'issue-token', 'robot', '--lifetime', '600'])
    expect(issued.code).toBe(0)
    expect(issued.stdout).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(issued.stderr).toMatch(/^holds until 20/)
    const named = { issuer: issuer?.slice(8) ?? '', subject: subject?.slice(9) ?? '', name: 'robot' }
    await bindRole(ctx, { ...named, kind: 'service', role: 'viewer' })
    const whoami = () => api.call('GET', '/api/v1/whoami', { token: issued.stdout.trim() })
    expect(await whoami()).toMatchObject({ status: 200 })
    expect((await admin(['service-account', 'list'])).stdout).toContain(
      `${id} robot: 1 live tokens. nightly evaluation\n`,
    )
    const disabled = await admin(['service-account', 'disable', 'robot', '--reason', 'not needed'])
    expect(disabled).toMatchObject({ code: 0, stdout: 'robot is disabled: 1 tokens revoked, 1 roles taken away\n' })
    expect(await whoami()).toMatchObject({ status: 401 })
    expect((await admin(['service-account', 'list'])).stdout).toContain('robot: disabled 20')
    for (const kind of ['service-account:create', 'service-account:issue-token', 'service-account:disable'])
      expect(await entries(kind, id)).toEqual([{ outcome: 'done', actor_id: ctx.actorId }])
  })

  it('says what the server says: no role, no such account, no purpose', async () => {
    const viewer = cli.as(site.people.viewer.token)
    expect(await viewer(['service-account', 'create', 'other', '--purpose', 'mine alone'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('You may not do this') as string,
    })
    const admin = cli.as(site.people.admin.token)
    expect((await admin(['service-account', 'disable', 'nobody', '--reason', 'gone'])).stderr).toContain('named nobody')
    expect((await admin(['service-account', 'create', 'other'])).stderr).toContain('--purpose')
    expect((await admin(['service-account', 'issue-token', 'x', '--lifetime', 'long'])).stderr).toContain('seconds')
  })
})

describe('quarterdeck sign-out --everywhere', () => {
  it('revokes every token of the caller, also the one that asks, and nobody else’s', async () => {
    const { ctx, token } = site.people.operator
    const other = await tokenOf(ctx)
    const done = await cli.run(['sign-out', '--everywhere', '--token', token])
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^0 sessions ended, \d+ tokens revoked\n$/) as string,
    })
    for (const each of [token, other])
      expect(await api.call('GET', '/api/v1/whoami', { token: each })).toMatchObject({ status: 401 })
    expect(await api.call('GET', '/api/v1/whoami', { token: site.people.admin.token })).toMatchObject({ status: 200 })
    expect(await entries('session:end-all', ctx.actorId)).toEqual([{ outcome: 'done', actor_id: ctx.actorId }])
    const again = await cli.run(['sign-out', '--everywhere', '--token', token])
    expect(again).toMatchObject({ code: 1, stdout: '' })
  })

  it('has no answer to keep under an idempotency key', async () => {
    const { token } = site.people.auditor
    const headers = { 'idempotency-key': 'once' }
    const answer = await api.call('POST', '/api/v1/sessions/end-all', { token, headers })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'idempotency-key' }] } })
    expect(await api.call('GET', '/api/v1/whoami', { token })).toMatchObject({ status: 200 })
  })
})

describe('a bearer token of a command', () => {
  it('is read from a file, which goes before --token; the workspace is named where there are several', async () => {
    const { token } = site.people.admin
    const file = join(folder, 'token')
    await writeFile(file, `${token}\n`)
    const listed = await cli.run(['service-account', 'list', '--token', 'another', '--token-file', file])
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    const elsewhere = await cli.run(['service-account', 'list', '--token-file', file, '--workspace', 'nowhere'])
    expect(elsewhere.stderr).toContain('no role in a workspace named nowhere')
  })

  it.each([
    ['none', ['--token', ''], 'A bearer token is needed'],
    ['two words', ['--token', 'two words'], 'is none'],
    ['an address that is none', ['--token', 'x', '--url', 'nonsense'], 'not the address of an installation'],
  ])('is refused before anything is sent: %s', async (_, flags, told) => {
    const { code, stderr } = await cli.run(['service-account', 'list', ...flags])
    expect([code, stderr]).toEqual([1, expect.stringContaining(told)])
  })
})
