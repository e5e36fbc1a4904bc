import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownIssuer, personaIssuer, rootWorkspaceId, workerIdentityId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { bindRole } from './bind-role.ts'
import { createIngestKey } from './create-ingest-key.ts'
import { createWorkspace } from './create-workspace.ts'
import { can, type BindRoleInput, type IngestKeyInput, type WorkspaceInput } from './model.ts'
import { listMembers, resolveWorkspace, whetherAllowed, workspacesOf } from './reads.ts'
import { signInAsPersona } from './sign-in-as-persona.ts'
import { unbindRole } from './unbind-role.ts'
import { verifyIngestKey } from './verify-ingest-key.ts'

let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin', 'ada')
})
afterAll(() => t.close())

const person = (name: string): BindRoleInput => ({ issuer: 'https://idp.test', subject: name, name, role: 'viewer' })
const entries = (workspaceId: string, kind: string) =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['outcome', 'resource_kind', 'resource_id'])
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', kind)
    .orderBy('id')
    .execute()

describe('creating a workspace', () => {
  it('makes its creator admin and gives the worker its role', async () => {
    const { id } = await createWorkspace(systemCtx(t.system), { name: 'made', title: 'Made' })
    const held = await listMembers(systemCtx(t.system, id))
    expect(held.map((m) => [m.issuer, m.role])).toEqual([
      [ownIssuer, 'admin'],
      [ownIssuer, 'worker'],
    ])
    expect(held[1]?.identityId).toBe(workerIdentityId)
    expect((await entries(rootWorkspaceId, 'workspace:create')).at(-1)).toMatchObject({
      outcome: 'done',
      resource_id: id,
    })
  })

  it('refuses a name that is taken, also of twenty at once', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => createWorkspace(systemCtx(t.system), { name: 'wanted', title: 'Wanted' })),
    )
    expect(attempts.filter((a) => a.status === 'fulfilled')).toHaveLength(1)
    for (const a of attempts) if (a.status === 'rejected') expect(a.reason).toMatchObject({ code: 'conflict' })
  })

  it("is an act in the installation's own workspace: an admin of another one may not", async () => {
    await expect(createWorkspace(admin, { name: 'mine', title: 'Mine' })).rejects.toMatchObject({ code: 'not-found' })
    await expect(
      createWorkspace({ ...admin, workspaceId: rootWorkspaceId }, { name: 'mine', title: 'Mine' }),
    ).rejects.toMatchObject({ code: 'forbidden' })
  })

  it.each<[unknown, string]>([
    [{ name: 'X', title: 'x' }, 'name'],
    [{ name: 'a'.repeat(42), title: 'x' }, 'name'],
    [{ name: 'ok', title: ' ' }, 'title'],
    [{ name: 'ok' }, 'title'],
    [{ name: 'ok', title: 'x', colour: 'red' }, ''],
  ])('refuses %j', async (input, path) => {
    await expect(createWorkspace(systemCtx(t.system), input as WorkspaceInput)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path }] },
    })
  })
})

describe('giving and taking roles', () => {
  it('gives a role once in a scope, and again in another', async () => {
    const given = await bindRole(admin, person('vera'))
    expect(await entries(ws.id, 'member:bind')).toContainEqual({
      outcome: 'done',
      resource_kind: 'binding',
      resource_id: given.bindingId,
    })
    await expect(bindRole(admin, person('vera'))).rejects.toMatchObject({ code: 'conflict' })
    const narrowed = await bindRole(admin, { ...person('vera'), environment: 'production' })
    expect(narrowed.identityId).toBe(given.identityId)
    await unbindRole(admin, { bindingId: given.bindingId, reason: 'moved on' })
    await expect(bindRole(admin, person('vera'))).resolves.toMatchObject({ identityId: given.identityId })
  })

  it('knows people by issuer and subject, never by name', async () => {
    const one = await bindRole(admin, { ...person('same'), issuer: 'https://one.test' })
    const two = await bindRole(admin, { ...person('same'), issuer: 'https://two.test' })
    expect(one.identityId).not.toBe(two.identityId)
  })

  it('names nobody anew: only their own sign-in does', async () => {
    const elsewhere = await (await t.workspace()).as('admin')
    const { identityId } = await bindRole(admin, person('nora'))
    const again = await bindRole(elsewhere, { ...person('nora'), name: 'Mallory' })
    expect(again.identityId).toBe(identityId)
    expect((await listMembers(admin)).find((m) => m.identityId === identityId)?.name).toBe('nora')
    await bindRole(admin, { issuer: personaIssuer, subject: 'dana', name: 'Mallory', role: 'viewer' })
    const dana = await signInAsPersona(t.system, 'dana')
    expect((await listMembers(admin)).find((m) => m.identityId === dana.identityId)?.name).toBe('Dana Okafor')
  })

  it('takes a role once, of this workspace only, with a reason', async () => {
    const { bindingId } = await bindRole(admin, person('leo'))
    const stranger = await (await t.workspace()).as('admin')
    await expect(unbindRole(stranger, { bindingId, reason: 'mischief' })).rejects.toMatchObject({ code: 'not-found' })
    await expect(unbindRole(admin, { bindingId, reason: '' })).rejects.toMatchObject({ code: 'invalid' })
    await expect(unbindRole(await ws.as('viewer'), { bindingId, reason: 'mischief' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    const both = await Promise.allSettled([1, 2].map(() => unbindRole(admin, { bindingId, reason: 'left' })))
    expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await entries(ws.id, 'member:unbind')).map((e) => e.outcome).sort()).toContain('denied')
  })

  it("leaves the installation's own roles and the last admin where they are", async () => {
    const here = await t.workspace()
    const [ann, ben] = [await here.as('admin', 'ann'), await here.as('admin', 'ben')]
    await bindRole(ann, { ...person('part'), role: 'admin', environment: 'staging' })
    const held = async () => listMembers(systemCtx(t.system, here.id))
    const roleOf = async (who: string, role: string) =>
      (await held()).find((m) => m.identityId === who && m.role === role)!.bindingId
    const take = async (bindingId: string) => unbindRole(ann, { bindingId, reason: 'tidying up' })
    for (const own of (await held()).filter((m) => m.issuer === ownIssuer))
      await expect(take(own.bindingId)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining("the installation's own") as string,
      })
    await take(await roleOf(ben.actorId, 'admin'))
    const last = await roleOf(ann.actorId, 'admin')
    await expect(take(last)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('make somebody else admin first') as string,
    })
    const members = await held()
    expect(members.filter((m) => !can.unbind(m, members).allowed).map((m) => m.name)).toEqual([
      'Quarterdeck',
      'Worker',
      'ann',
    ])
  })

  it('keeps one of two admins who step down at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const here = await t.workspace()
      const two = [await here.as('admin', 'ann'), await here.as('admin', 'ben')]
      const members = await listMembers(two[0]!)
      const bindingOf = (who: Ctx) => members.find((m) => m.identityId === who.actorId)!.bindingId
      const both = await Promise.allSettled(
        two.map((who) => unbindRole(who, { bindingId: bindingOf(who), reason: 'stepping down' })),
      )
      expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected'])
      for (const b of both) if (b.status === 'rejected') expect(b.reason).toMatchObject({ code: 'conflict' })
    }
  })

  it.each<[unknown, string]>([
    [{ ...person('x'), role: 'worker' }, 'role'],
    [{ ...person('x'), role: 'root' }, 'role'],
    [{ ...person('x'), issuer: '' }, 'issuer'],
    [{ ...person('worker'), issuer: ownIssuer }, 'issuer'],
    [{ ...person('system'), issuer: ownIssuer, role: 'admin' }, 'issuer'],
    [{ ...person('x'), kind: 'system' }, 'kind'],
    [{ ...person('x'), environment: 'No Such' }, 'environment'],
  ])('refuses %j', async (input, path) => {
    await expect(bindRole(admin, input as BindRoleInput)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path }] },
    })
  })

  it('is for admins', async () => {
    for (const role of ['viewer', 'developer', 'approver', 'operator', 'auditor'] as const)
      await expect(bindRole(await ws.as(role), person('friend'))).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('whose workspace', () => {
  it('is the only one, or the named one, or a question; never one without a role', async () => {
    const [one, two] = [await t.workspace(), await t.workspace()]
    const { identityId } = await bindRole(systemCtx(t.system, one.id), person('wanderer'))
    expect(await resolveWorkspace(t.system, identityId, undefined)).toMatchObject({ id: one.id })
    await expect(resolveWorkspace(t.system, identityId, two.name)).rejects.toMatchObject({ code: 'not-found' })
    await bindRole(systemCtx(t.system, two.id), person('wanderer'))
    await expect(resolveWorkspace(t.system, identityId, undefined)).rejects.toMatchObject({
      code: 'invalid',
      details: { workspaces: [one.name, two.name] },
    })
    expect(await resolveWorkspace(t.system, identityId, two.name)).toMatchObject({ id: two.id })
    expect(await workspacesOf(t.system, identityId)).toHaveLength(2)
    await expect(resolveWorkspace(t.system, 'id_nobody', undefined)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('explains what is not allowed, from the rules that the verbs ask', async () => {
    expect(await whetherAllowed(await ws.as('developer'), 'rollout:start')).toMatchObject({
      allowed: false,
      rolesThatMay: ['operator'],
    })
    expect(await whetherAllowed(await ws.as('operator'), 'rollout:start')).toMatchObject({ allowed: true })
  })
})

describe('an ingest key', () => {
  it('is told once, kept as a digest, and lets in what it is for', async () => {
    const key = await createIngestKey(admin, { kinds: ['label', 'prediction'] })
    expect(await verifyIngestKey(t.system, `Bearer ${key.secret}`)).toEqual({
      keyId: key.id,
      workspaceId: ws.id,
      endpointId: null,
      kinds: ['label', 'prediction'],
    })
    const kept = await t.system.db.selectFrom('ingest_key').selectAll().where('id', '=', key.id).execute()
    expect(JSON.stringify(kept, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))).not.toContain(key.secret)
    const details = await t.system.db.selectFrom('audit_detail').select('content').execute()
    expect(JSON.stringify(details)).not.toContain(key.secret)
  })

  it('is not kept with an idempotency key', async () => {
    const key = await createIngestKey(
      { ...admin, idempotency: { key: 'ingest', requestDigest: 'd' } },
      { kinds: ['label'] },
    )
    const answers = await t.system.db.selectFrom('idempotency_key').select('response').execute()
    expect(JSON.stringify(answers)).not.toContain(key.secret)
  })

  it.each([
    undefined,
    '',
    'Bearer ',
    'Bearer x',
    `Bearer qdi_${'x'.repeat(43)}`,
    `qdi_${'x'.repeat(43)}`,
    `Bearer qdi_${'x'.repeat(44)}`,
  ])('is not %j', async (header) => {
    await expect(verifyIngestKey(t.system, header)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('is for operators and admins, of known kinds', async () => {
    await expect(createIngestKey(await ws.as('developer'), { kinds: ['label'] })).rejects.toMatchObject({
      code: 'forbidden',
    })
    for (const input of [{ kinds: [] }, { kinds: ['all'] }, { kinds: ['label'], endpointId: 'x' }])
      await expect(createIngestKey(admin, input as IngestKeyInput)).rejects.toMatchObject({ code: 'invalid' })
  })
})
