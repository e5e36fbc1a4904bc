import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { rememberGroups } from '#lib/members/remember-groups.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { accessDecision } from './authorize.ts'
import { selectEffectiveRoles, selectPersonIds } from './effective-roles.ts'

let t: TestSystem
let ws: TestWorkspace
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())

const day = 86_400_000
const write = <T>(run: (tx: Tx) => Promise<T>) => housekeep(t.system, 'session', run)
const scope = { environment: null as string | null, label: null as string | null }
const rolesOf = (who: Ctx, on: { environment?: string; labels?: string[] } = {}, now = t.clock.now()) =>
  selectEffectiveRoles(t.system.db, {
    workspaceId: who.workspaceId,
    identityIds: [who.actorId],
    labels: [],
    ...on,
    now,
    lock: false,
  })

function bindGroup(
  group: string,
  role: string,
  more: Partial<typeof scope> & { workspaceId?: string; issuer?: string },
) {
  const { workspaceId = ws.id, issuer = 'https://idp.test', ...narrow } = more
  const id = newId('groupBinding', t.clock.now())
  return write(async (tx) => {
    await tx
      .insertInto('group_binding')
      .values({
        id,
        workspace_id: workspaceId,
        issuer,
        group_name: group,
        role,
        ...scope,
        ...narrow,
        created_at: t.clock.now(),
        created_by: ws.worker.actorId,
        revoked_at: null,
      })
      .execute()
    return id
  })
}

function delegate(
  from: Ctx,
  to: Ctx,
  role: string,
  more: Partial<typeof scope> & { startsAt?: Date; endsAt?: Date } = {},
) {
  const { startsAt = t.clock.now(), endsAt = new Date(startsAt.getTime() + day), ...narrow } = more
  const id = newId('delegation', t.clock.now())
  return write(async (tx) => {
    await tx
      .insertInto('delegation')
      .values({
        id,
        workspace_id: ws.id,
        delegator_id: from.actorId,
        delegate_id: to.actorId,
        role,
        ...scope,
        ...narrow,
        starts_at: startsAt,
        ends_at: endsAt,
        reason: 'leave',
        created_at: startsAt,
        created_by: from.actorId,
        revoked_at: null,
        revoked_by: null,
      })
      .execute()
    return id
  })
}

const remember = (who: Ctx, groups: string[], now = t.clock.now()) =>
  write((tx) => rememberGroups(tx, { identityId: who.actorId, groups, now }))

describe('roles of groups', () => {
  it('are held by whom their issuer said last that they are in it, and narrowed as bound', async () => {
    const gus = await ws.as('viewer', 'gus')
    const bindingId = await bindGroup('/risk', 'approver', { environment: 'production', label: 'fraud' })
    await bindGroup('/risk', 'operator', { issuer: 'https://other.test' })
    await bindGroup('/risk', 'auditor', { workspaceId: (await t.workspace()).id })
    const names = async (on = {}) => (await rolesOf(gus, on)).map((r) => r.role)
    expect(await names({ environment: 'production', labels: ['fraud'] })).toEqual(['viewer'])
    await remember(gus, ['/risk', '/else'])
    expect(await rolesOf(gus, { environment: 'production', labels: ['fraud'] })).toEqual([
      expect.objectContaining({ role: 'viewer', via: 'binding' }),
      { identityId: gus.actorId, role: 'approver', via: 'group', bindingId },
    ])
    expect(await names({ environment: 'staging', labels: ['fraud'] })).toEqual(['viewer'])
    expect(await names({ environment: 'production' })).toEqual(['viewer'])
    await remember(gus, [])
    expect(await names({ environment: 'production', labels: ['fraud'] })).toEqual(['viewer'])
  })

  it('end thirty days after the issuer was heard last', async () => {
    const gil = await ws.as('viewer', 'gil')
    await bindGroup('/ops', 'operator', {})
    const heard = t.clock.now()
    await remember(gil, ['/ops'], heard)
    const at = async (ms: number) => (await rolesOf(gil, {}, new Date(heard.getTime() + ms))).map((r) => r.role)
    expect(await at(30 * day - 1)).toEqual(['viewer', 'operator'])
    expect(await at(30 * day)).toEqual(['viewer'])
  })

  it('are refused whole when there are more than can be kept, or one without a name', async () => {
    const gwen = await ws.as('viewer', 'gwen')
    await remember(gwen, ['/a', '/b', '/a'])
    const many = Array.from({ length: 1_001 }, (_, n) => `/g${n}`)
    await expect(remember(gwen, many)).rejects.toMatchObject({ code: 'invalid' })
    await expect(remember(gwen, ['/a', ''])).rejects.toMatchObject({ code: 'invalid' })
    const kept = await t.system.db
      .selectFrom('identity_group')
      .select('group_name')
      .where('identity_id', '=', gwen.actorId)
      .orderBy('group_name')
      .execute()
    expect(kept.map((k) => k.group_name)).toEqual(['/a', '/b'])
  })
})

describe('roles that claims gave', () => {
  const claimed = (who: Ctx, expiresAt: Date, role = 'approver') =>
    write(async (tx) => {
      const row = { id: newId('binding', t.clock.now()), workspace_id: ws.id, identity_id: who.actorId, role, ...scope }
      const made = { created_at: t.clock.now(), created_by: ws.worker.actorId, revoked_at: null }
      await tx
        .insertInto('role_binding')
        .values({ ...row, ...made, source: 'claim', expires_at: expiresAt })
        .execute()
    })
  const at = async (who: Ctx, now: Date, lock = false) =>
    write(async (tx) => {
      const of = { workspaceId: ws.id, identityIds: [who.actorId], labels: [], now, lock }
      return (await selectEffectiveRoles(tx, of)).map((r) => r.role)
    })

  it('end at their time to the millisecond, before the worker takes them away, read and locked', async () => {
    const cleo = await ws.as('viewer', 'cleo')
    const ends = new Date(t.clock.now().getTime() + 60_000)
    await claimed(cleo, ends)
    const before = new Date(ends.getTime() - 1)
    expect(await at(cleo, before)).toEqual(['viewer', 'approver'])
    expect(await at(cleo, before, true)).toEqual(['viewer', 'approver'])
    expect(await at(cleo, ends)).toEqual(['viewer'])
    expect(await at(cleo, ends, true)).toEqual(['viewer'])
  })

  it('end for a delegate too, with the role of the delegator', async () => {
    const [cora, dov] = [await ws.as('viewer', 'cora'), await ws.as('viewer', 'dov')]
    const ends = new Date(t.clock.now().getTime() + 60_000)
    await claimed(cora, ends, 'validator')
    await delegate(cora, dov, 'validator')
    expect(await at(dov, new Date(ends.getTime() - 1))).toEqual(['viewer', 'validator'])
    expect(await at(dov, ends)).toEqual(['viewer'])
  })

  it('decide nothing any more at once, with no turn of the worker between', async () => {
    const cyd = await ws.as('viewer', 'cyd')
    await claimed(cyd, new Date(t.clock.now().getTime() + 60_000), 'admin')
    const here = { kind: 'workspace', id: ws.id, workspaceId: ws.id }
    const mayBind = async () => (await accessDecision(cyd, t.system.db, 'member:bind', here)).allowed
    expect(await mayBind()).toBe(true)
    t.clock.advance(60_000)
    expect(await mayBind()).toBe(false)
  })
})

describe('delegated roles', () => {
  it('reach as far as the delegation and the own role of the delegator both do', async () => {
    const [priya, del] = [await ws.as('approver', 'priya'), await ws.as('viewer', 'del')]
    await delegate(priya, del, 'approver', { environment: 'staging' })
    const [, delegated] = await rolesOf(del, { environment: 'staging' })
    expect(delegated).toMatchObject({ role: 'approver', via: 'delegation', delegatorId: priya.actorId })
    expect(await rolesOf(del, { environment: 'production' })).toHaveLength(1)
    expect(await rolesOf(del)).toHaveLength(1)
  })

  it('are of a role that the delegator holds, by a binding or a group, and not by another delegation', async () => {
    const [a, b, c] = [await ws.as('validator', 'a'), await ws.as('viewer', 'b'), await ws.as('viewer', 'c')]
    await delegate(a, b, 'validator')
    await delegate(b, c, 'validator')
    await delegate(a, c, 'operator')
    expect((await rolesOf(b)).map((r) => r.role)).toEqual(['viewer', 'validator'])
    expect((await rolesOf(c)).map((r) => r.role)).toEqual(['viewer'])
    await bindGroup('/validators', 'validator', {})
    await remember(b, ['/validators'])
    expect((await rolesOf(c)).map((r) => [r.role, r.via, r.delegatorId])).toEqual([
      ['viewer', 'binding', undefined],
      ['validator', 'delegation', b.actorId],
    ])
  })

  it('begin and end at their times, and with the role of the delegator', async () => {
    const [p, q] = [await ws.as('operator', 'p'), await ws.as('viewer', 'q')]
    const startsAt = new Date(t.clock.now().getTime() + day)
    await delegate(p, q, 'operator', { startsAt })
    const at = async (ms: number) => (await rolesOf(q, {}, new Date(startsAt.getTime() + ms))).length
    expect([await at(-1), await at(0), await at(day - 1), await at(day)]).toEqual([1, 2, 2, 1])
    await write((tx) =>
      tx.updateTable('role_binding').set({ revoked_at: startsAt }).where('identity_id', '=', p.actorId).execute(),
    )
    expect(await at(0)).toBe(1)
  })

  it('cannot be stored for longer than thirty days, or to oneself', async () => {
    const [p, q] = [await ws.as('operator', 'p2'), await ws.as('viewer', 'q2')]
    const endsAt = new Date(t.clock.now().getTime() + 30 * day + 1)
    await expect(delegate(p, q, 'operator', { endsAt })).rejects.toThrow('check constraint')
    await expect(delegate(p, p, 'operator')).rejects.toThrow('check constraint')
    await expect(delegate(p, q, 'admin')).rejects.toThrow('check constraint')
  })
})

describe('a person', () => {
  const link = (a: string, b: string, workspaceId: string) =>
    write((tx) =>
      tx
        .insertInto('identity_link')
        .values({
          id: newId('identityLink', t.clock.now()),
          workspace_id: workspaceId,
          reason: 'one person',
          identity_a: a < b ? a : b,
          identity_b: a < b ? b : a,
          linked_at: t.clock.now(),
          linked_by: ws.worker.actorId,
          unlinked_at: null,
          unlinked_by: null,
        })
        .execute(),
    )

  it('is whoever is linked, over any number of links, here or in the installation', async () => {
    const other = await t.workspace()
    const ids = await Promise.all(['l1', 'l2', 'l3', 'l4', 'l5'].map(async (n) => (await ws.as('viewer', n)).actorId))
    const [a, b, c, d, e] = ids as [string, string, string, string, string]
    await link(a, b, ws.id)
    await link(c, b, rootWorkspaceId)
    await link(c, d, other.id)
    const persons = await selectPersonIds(t.system.db, ws.id, ids)
    expect(persons.get(a)).toBe([a, b, c].toSorted()[0])
    expect([b, c].map((id) => persons.get(id))).toEqual([persons.get(a), persons.get(a)])
    expect([persons.get(d), persons.get(e)]).toEqual([d, e])
    expect((await selectPersonIds(t.system.db, ws.id, [c])).get(c)).toBe(persons.get(a))
    expect((await selectPersonIds(t.system.db, other.id, [a, d])).get(a)).toBe(a)
  })
})
