import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { bindGroup } from './bind-group.ts'
import { bindRole } from './bind-role.ts'
import { createDelegation } from './create-delegation.ts'
import type { BindGroupInput } from './model-roles.ts'
import { listMembers, workspacesOf } from './reads.ts'
import { explainWhy, listGroupBindings, listPeople, listWhoMay, maySomebodyStandIn } from './reads-access.ts'
import { rememberGroups } from './remember-groups.ts'
import { unbindGroup } from './unbind-group.ts'
import { unbindRole } from './unbind-role.ts'

let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin', 'ada')
})
afterAll(() => t.close())

const issuer = 'https://idp.test'
const group = (name: string, more: Partial<BindGroupInput> = {}): BindGroupInput => ({
  issuer,
  group: name,
  role: 'operator',
  ...more,
})
const remember = (who: Ctx, groups: string[]) =>
  housekeep(t.system, 'session', (tx) => rememberGroups(tx, { identityId: who.actorId, groups, now: t.clock.now() }))

describe('a role of a group', () => {
  it('is given and taken away with an entry each, and listed with its members', async () => {
    const gus = await ws.as('viewer', 'gus')
    await remember(gus, ['/ops'])
    const { bindingId } = await bindGroup(admin, group('/ops', { environment: 'production' }))
    const { items } = await listGroupBindings(gus)
    expect(items).toMatchObject([{ id: bindingId, group: '/ops', role: 'operator', members: 1 }])
    await expect(bindGroup(admin, group('/ops', { environment: 'production' }))).rejects.toMatchObject({
      code: 'conflict',
    })
    await unbindGroup(admin, { bindingId, reason: 'reorganised' })
    await expect(unbindGroup(admin, { bindingId, reason: 'reorganised' })).rejects.toMatchObject({ code: 'conflict' })
    const entries = await t.system.db
      .selectFrom('audit_entry')
      .select(['kind', 'outcome', 'resource_kind'])
      .where('resource_id', '=', bindingId)
      .orderBy('id')
      .execute()
    expect(entries).toEqual([
      { kind: 'member:bind', outcome: 'done', resource_kind: 'group-binding' },
      { kind: 'member:unbind', outcome: 'done', resource_kind: 'group-binding' },
    ])
  })

  it('is enough to be a member of a workspace', async () => {
    const [here, there] = [ws, await t.workspace()]
    const vi = await here.as('viewer', 'vi')
    await remember(vi, ['/visitors'])
    await bindGroup(await there.as('admin'), group('/visitors', { role: 'viewer' }))
    expect((await workspacesOf(t.system, vi.actorId)).map((w) => w.id)).toEqual([here.id, there.id])
  })

  it('lets whoever has it alone be found among the people here, and let others stand in', async () => {
    const [here, there] = [await t.workspace(), await t.workspace()]
    const boss = await here.as('admin', 'boss')
    const elsewhere = await there.as('viewer', 'gloria')
    const gloria: Ctx = { ...elsewhere, workspaceId: here.id }
    await remember(elsewhere, ['/deciders'])
    const named = async () => (await listPeople(boss)).map((p) => p.name)
    expect(await named()).not.toContain('gloria')
    const { bindingId } = await bindGroup(boss, group('/deciders', { role: 'approver' }))
    expect(await listPeople(boss)).toContainEqual({ identityId: gloria.actorId, name: 'gloria', kind: 'person' })
    expect((await listMembers(boss)).map((m) => m.name)).not.toContain('gloria')
    expect(await maySomebodyStandIn(gloria)).toBe(true)
    expect(await explainWhy(boss, { action: 'approval:vote', identityId: gloria.actorId })).toMatchObject({
      allowed: true,
    })
    await unbindGroup(boss, { bindingId, reason: 'reorganised' })
    expect(await named()).not.toContain('gloria')
    expect(await maySomebodyStandIn(gloria)).toBe(false)
    await expect(listPeople({ ...elsewhere, workspaceId: here.id })).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('is given and taken by admins alone, in their workspace (ASVS 8.2.1)', async () => {
    const { bindingId } = await bindGroup(admin, group('/mine'))
    for (const role of ['viewer', 'developer', 'approver', 'operator', 'auditor'] as const) {
      await expect(bindGroup(await ws.as(role), group('/theirs'))).rejects.toMatchObject({ code: 'forbidden' })
      await expect(unbindGroup(await ws.as(role), { bindingId, reason: 'mischief' })).rejects.toMatchObject({
        code: 'forbidden',
      })
    }
    const foreign = await (await t.workspace()).as('admin')
    await expect(unbindGroup(foreign, { bindingId, reason: 'mischief' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each<[Record<string, unknown>, string]>([
    [{ role: 'worker' }, 'role'],
    [{ group: '' }, 'group'],
    [{ group: 'g'.repeat(301) }, 'group'],
    [{ issuer: 'quarterdeck' }, 'issuer'],
    [{ environment: 'No Such' }, 'environment'],
    [{ label: '' }, 'label'],
    [{ admin: true }, ''],
  ])('refuses %j', async (more, path) => {
    await expect(bindGroup(admin, { ...group('/bad'), ...more })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [expect.objectContaining({ path })] },
    })
  })

  it('of admin is as good as a person’s while somebody is in it: the last one stays, whichever it is', async () => {
    const here = await t.workspace()
    const [ann, ben] = [await here.as('admin', 'ann'), await here.as('viewer', 'ben')]
    const own = (await listMembers(ann)).find((m) => m.identityId === ann.actorId)!.bindingId
    const { bindingId } = await bindGroup(ann, group('/admins', { role: 'admin' }))
    await expect(unbindRole(ann, { bindingId: own, reason: 'stepping down' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await remember(ben, ['/admins'])
    await unbindRole(ann, { bindingId: own, reason: 'stepping down' })
    await expect(unbindGroup(ben, { bindingId, reason: 'all gone' })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('taken away and an own one at once leave one', async () => {
    for (let round = 0; round < 3; round += 1) {
      const here = await t.workspace()
      const [ann, ben] = [await here.as('admin', 'ann'), await here.as('viewer', 'ben')]
      const own = (await listMembers(ann)).find((m) => m.identityId === ann.actorId)!.bindingId
      const { bindingId } = await bindGroup(ann, group('/admins', { role: 'admin' }))
      await remember(ben, ['/admins'])
      const both = await Promise.allSettled([
        unbindRole(ben, { bindingId: own, reason: 'stepping down' }),
        unbindGroup(ann, { bindingId, reason: 'no more groups' }),
      ])
      expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected'])
    }
  })
})

describe('why somebody may', () => {
  it('names the binding, the group or the delegation, and the rule (ASVS 8.1.1)', async () => {
    const [gil, del] = [await ws.as('viewer', 'gil'), await ws.as('viewer', 'del')]
    await remember(gil, ['/oncall'])
    await bindGroup(admin, group('/oncall', { environment: 'production' }))
    const action = 'rollout:start' as const
    expect(await explainWhy(admin, { action, environment: 'production', identityId: gil.actorId })).toMatchObject({
      allowed: true,
      grants: [
        { effect: 'decides', held: { via: 'group', group: '/oncall' }, lines: ['p, role:operator, rollout, start'] },
        { effect: 'other', held: { via: 'binding', role: 'viewer' }, lines: [] },
      ],
    })
    await createDelegation(gil, {
      delegateId: del.actorId,
      role: 'operator',
      environment: 'production',
      endsAt: new Date(t.clock.now().getTime() + 3_600_000),
      reason: 'lunch',
    })
    const why = await explainWhy(admin, { action, environment: 'production', identityId: del.actorId })
    expect(why).toMatchObject({
      allowed: true,
      grants: [{ held: { via: 'delegation', delegatorId: gil.actorId } }, {}],
    })
    expect(why.delegators).toEqual({ [gil.actorId]: 'gil' })
  })

  it('and why not: what is missing, and who could give it', async () => {
    const [sam, olu] = [await ws.as('viewer', 'sam'), await ws.as('operator', 'olu')]
    const scoped = {
      issuer,
      subject: sam.actor.subject,
      name: 'sam',
      role: 'operator' as const,
      environment: 'staging',
    }
    await bindRole(admin, scoped)
    const why = await explainWhy(sam, { action: 'rollout:start', environment: 'production' })
    expect(why).toMatchObject({
      allowed: false,
      grants: [{ effect: 'elsewhere', held: { environment: 'staging' } }, { effect: 'other' }],
      missing: { roles: ['operator'], environment: 'production' },
    })
    expect(why.missing?.because).toContain('narrowed to something else')
    expect(why.givers).toEqual(
      expect.arrayContaining([
        { identityId: admin.actorId, name: 'ada', how: 'gives roles' },
        { identityId: olu.actorId, name: 'olu', how: 'may delegate it' },
      ]),
    )
  })

  it('is asked about members alone, and by members alone (ASVS 8.2.2)', async () => {
    const foreign = await (await t.workspace()).as('admin')
    const about = { action: 'model:read' as const, identityId: foreign.actorId }
    await expect(explainWhy(admin, about)).rejects.toMatchObject({ code: 'not-found' })
    const outsider = { ...foreign, workspaceId: ws.id }
    await expect(explainWhy(outsider, about)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(listWhoMay(outsider, { action: 'model:read' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('who may', () => {
  it('is everybody whom a decision would allow, page by page, and nobody else', async () => {
    const here = await t.workspace()
    const boss = await here.as('admin', 'boss')
    const expected = new Set<string>()
    for (let n = 0; n < 25; n += 1) {
      const environment = n % 3 === 0 ? 'staging' : n % 3 === 1 ? 'production' : null
      const who = { issuer, subject: `${here.name}-p${n}`, name: `p${n}`, role: 'operator' as const, environment }
      const { identityId } = await bindRole(boss, who)
      if (environment !== 'staging') expected.add(identityId)
    }
    const seen: string[] = []
    let cursor: string | undefined
    for (let pages = 0; pages < 50; pages += 1) {
      const question = { action: 'rollout:start' as const, environment: 'production', limit: 4 }
      const page = await listWhoMay(boss, { ...question, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.items.map((i) => i.id))
      expect(page.items.every((i) => i.grants.every((g) => g.effect === 'decides'))).toBe(true)
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(seen).toHaveLength(expected.size)
    expect(new Set(seen)).toEqual(expected)
  })
})
