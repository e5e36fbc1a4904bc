import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedKeys, verifyToken } from '#lib/access/verify-token.ts'
import { recentAuthSeconds } from '#lib/access/step-up.ts'
import { rootWorkspaceId, serviceIssuer } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { newId } from '#lib/platform/ids.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { bindRole } from './bind-role.ts'
import { createServiceAccount } from './create-service-account.ts'
import { disableServiceAccount } from './disable-service-account.ts'
import { issueServiceToken } from './issue-service-token.ts'
import { issueToken } from './issue-token.ts'
import { listServiceAccounts, listServiceTokens } from './reads-service-accounts.ts'
import { revokeToken } from './revoke-token.ts'
import { rotateTokenKey } from './rotate-token-key.ts'

let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin')
})
afterAll(() => t.close())

let made = 0
const create = (ctx = admin) => createServiceAccount(ctx, { name: `robot-${++made}`, purpose: 'scores at night' })
const entries = (kind: string, outcome = 'done') =>
  t.system.db
    .selectFrom('audit_entry')
    .select('resource_id')
    .where('kind', '=', kind)
    .where('outcome', '=', outcome as 'done')
    .execute()
const day = 86_400

describe('a service account', () => {
  it('is made by an admin, holds no role, and is in the log', async () => {
    const { id, issuer, subject } = await create()
    expect([issuer, subject]).toEqual([serviceIssuer, id])
    expect(await entries('service-account:create')).toContainEqual({ resource_id: id })
    const [view] = (await listServiceAccounts(admin)).filter((a) => a.id === id)
    expect(view).toMatchObject({
      purpose: 'scores at night',
      liveTokens: 0,
      disabledAt: null,
      createdBy: { id: admin.actorId },
    })
  })

  it('is refused to others, to the same name, and to bad names with the field', async () => {
    const developer = await ws.as('developer')
    await expect(create(developer)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await entries('service-account:create', 'denied')).length).toBe(1)
    await expect(listServiceAccounts(developer)).rejects.toMatchObject({ code: 'forbidden' })
    const twin = { name: 'twin-name', purpose: 'is there' }
    await createServiceAccount(admin, twin)
    await expect(createServiceAccount(admin, twin)).rejects.toMatchObject({ code: 'conflict' })
    await expect(createServiceAccount(admin, { name: 'No!', purpose: 'x' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('gets a token that stands for it, for thirty days at most, and keeps no text of it', async () => {
    const { id, identityId } = await create()
    const { id: tokenId, token } = await issueServiceToken(admin, { accountId: id, lifetimeSeconds: 30 * day })
    expect(await verifyToken(t.system, token)).toMatchObject({
      actorId: identityId,
      actor: { kind: 'service', subject: id },
    })
    expect(await listServiceTokens(admin, id)).toMatchObject([
      { id: tokenId, issuedBy: { id: admin.actorId }, revokedAt: null },
    ])
    const kept = await t.system.db.selectFrom('audit_detail').select('content').execute()
    expect(JSON.stringify(kept)).not.toContain(token.slice(-40))
    await expect(issueServiceToken(admin, { accountId: id, lifetimeSeconds: 31 * day })).rejects.toMatchObject({
      code: 'invalid',
    })
  })

  it('of another workspace does not exist', async () => {
    const { id } = await create()
    const other = await (await t.workspace()).as('admin')
    for (const attempt of [
      () => issueServiceToken(other, { accountId: id }),
      () => disableServiceAccount(other, { accountId: id, reason: 'mischief' }),
      () => listServiceTokens(other, id),
      () => issueServiceToken(admin, { accountId: newId('serviceAccount', t.clock.now()) }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'not-found' })
  })

  it('has its tokens revoked by their id, though it holds no role', async () => {
    const { id } = await create()
    const { id: tokenId, token } = await issueServiceToken(admin, { accountId: id })
    await revokeToken(admin, { tokenId, reason: 'was in a log file' })
    await expect(verifyToken(t.system, token)).rejects.toThrow('was revoked')
  })

  it('that is disabled is refused at once, loses its roles and gets no token any more', async () => {
    const { id, issuer, subject, identityId } = await create()
    await bindRole(admin, { issuer, subject, name: 'robot', kind: 'service', role: 'viewer' })
    const { token } = await issueServiceToken(admin, { accountId: id })
    const done = await disableServiceAccount(admin, { accountId: id, reason: 'not needed' })
    expect(done).toEqual({ accountId: id, tokens: 1, roles: 1 })
    await expect(verifyToken(t.system, token)).rejects.toThrow('was revoked')
    await expect(issueServiceToken(admin, { accountId: id })).rejects.toMatchObject({ code: 'conflict' })
    await expect(disableServiceAccount(admin, { accountId: id, reason: 'again' })).rejects.toMatchObject({
      code: 'conflict',
    })
    const held = t.system.db.selectFrom('role_binding').select('id').where('identity_id', '=', identityId)
    expect(await held.where('revoked_at', 'is', null).execute()).toEqual([])
  })

  it('needs a sign-in of the last fifteen minutes of whoever makes it, where their issuer tells one', async () => {
    const at = (ageSeconds: number): Ctx => {
      const authTime = new Date(t.clock.now().getTime() - ageSeconds * 1000)
      return { ...admin, actor: { ...admin.actor, authTime } }
    }
    await expect(create(at(recentAuthSeconds + 1))).rejects.toMatchObject({
      code: 'forbidden',
      details: { stepUp: true },
    })
    await expect(create(at(recentAuthSeconds))).resolves.toBeDefined()
  })
})

describe('the key of our own issuer', () => {
  const root = () => systemCtx(t.system)

  it('rotates: two live, what the first signed holds, a second rotation ends it', async () => {
    const { id } = await create()
    const issue = () => issueServiceToken(admin, { accountId: id, lifetimeSeconds: 7 * day })
    const first = await issue()
    const { keyId, retiredKeyId } = await rotateTokenKey(root())
    expect((await publishedKeys(t.system)).map((k) => k.kid)).toEqual([keyId, retiredKeyId])
    expect(JSON.stringify(await publishedKeys(t.system))).not.toContain('"d"')
    t.clock.advance(3_000)
    const second = await issue()
    for (const { token } of [first, second]) await expect(verifyToken(t.system, token)).resolves.toBeDefined()
    await rotateTokenKey(root())
    t.clock.advance(61_000)
    await expect(verifyToken(t.system, first.token)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(verifyToken(t.system, second.token)).resolves.toBeDefined()
    expect((await entries('signing-key:rotate')).length).toBe(2)
  })

  it('that was retired is published for as long as what it signed may live', async () => {
    await rotateTokenKey(root())
    expect(await publishedKeys(t.system)).toHaveLength(2)
    t.clock.advance(31 * day * 1000)
    expect(await publishedKeys(t.system)).toHaveLength(1)
  })

  it('is rotated by admins of the installation only', async () => {
    await expect(rotateTokenKey(admin)).rejects.toMatchObject({ code: 'not-found' })
    await expect(rotateTokenKey({ ...(await ws.as('developer')), workspaceId: rootWorkspaceId })).rejects.toMatchObject(
      {
        code: 'forbidden',
      },
    )
  })

  it('carries the time of sign-in into a person’s token, so that a token makes no old sign-in young', async () => {
    const authTime = new Date(t.clock.now().getTime() - 5_000)
    const { token } = await issueToken({ ...admin, actor: { ...admin.actor, authTime } }, {})
    expect((await verifyToken(t.system, token)).actor.authTime).toEqual(authTime)
  })
})
