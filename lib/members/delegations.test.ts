import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessDecision } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { bindRole } from './bind-role.ts'
import { createDelegation } from './create-delegation.ts'
import { linkIdentities } from './link-identities.ts'
import type { DelegationInput } from './model-roles.ts'
import { listMembers } from './reads.ts'
import { listDelegations } from './reads-access.ts'
import { revokeDelegation } from './revoke-delegation.ts'
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

const day = 86_400_000
const inDays = (days: number) => new Date(t.clock.now().getTime() + days * day)
const toDel = (to: Ctx, more: Partial<DelegationInput> = {}): DelegationInput => ({
  delegateId: to.actorId,
  role: 'approver',
  endsAt: inDays(7),
  reason: 'on leave',
  ...more,
})
const may = async (who: Ctx, environment = 'production', labels: string[] = []) => {
  const on = { kind: 'approval', id: 'ap_x', workspaceId: who.workspaceId, environment, labels }
  return (await accessDecision(who, who.db, 'approval:vote', on)).allowed
}
const entriesOf = (id: string) =>
  t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.kind', 'e.outcome', 'd.content'])
    .where('e.resource_id', '=', id)
    .orderBy('e.id')
    .execute()
const bindingOf = async (who: Ctx, role: string) =>
  (await listMembers(admin)).find((m) => m.identityId === who.actorId && m.role === role)!.bindingId

describe('a delegation', () => {
  it('lets another member act in one role, with an entry, until it is revoked, with another', async () => {
    const [priya, del] = [await ws.as('approver', 'priya'), await ws.as('viewer', 'del')]
    expect(await may(del)).toBe(false)
    const { delegationId } = await createDelegation(priya, toDel(del))
    expect(await may(del)).toBe(true)
    const { items } = await listDelegations(await ws.as('viewer'))
    expect(items).toMatchObject([{ id: delegationId, delegatorName: 'priya', state: 'live', held: true }])
    await revokeDelegation(priya, { delegationId, reason: 'back again' })
    expect(await may(del)).toBe(false)
    const entries = await entriesOf(delegationId)
    expect(entries.map((e) => [e.kind, e.outcome])).toEqual([
      ['delegation:create', 'done'],
      ['delegation:revoke', 'done'],
    ])
    expect(JSON.parse(entries[0]!.content!)).toMatchObject({
      because: 'on leave',
      after: { delegatorId: priya.actorId, delegateId: del.actorId, role: 'approver' },
    })
    await expect(revokeDelegation(priya, { delegationId, reason: 'once more' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('abuse case "Delegation": what was delegated is not passed on, though the role may be held', async () => {
    const [a, b, c] = [await ws.as('approver', 'a'), await ws.as('viewer', 'b'), await ws.as('viewer', 'c')]
    await createDelegation(a, toDel(b))
    await expect(createDelegation(b, toDel(c))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('not yours to pass on') as string,
    })
    expect(await may(c)).toBe(false)
  })

  it('abuse case "Delegation": ends with its time, to the millisecond', async () => {
    const [a, b] = [await ws.as('approver', 'a1'), await ws.as('viewer', 'b1')]
    await createDelegation(a, toDel(b, { startsAt: inDays(1), endsAt: inDays(2) }))
    expect(await may(b)).toBe(false)
    t.clock.advance(day)
    expect(await may(b)).toBe(true)
    t.clock.advance(day - 1)
    expect(await may(b)).toBe(true)
    t.clock.advance(1)
    expect(await may(b)).toBe(false)
  })

  it('abuse case "Delegation": ends when the delegator loses the role, and says so', async () => {
    const [a, b] = [await ws.as('approver', 'a2'), await ws.as('viewer', 'b2')]
    const { delegationId } = await createDelegation(a, toDel(b))
    await unbindRole(admin, { bindingId: await bindingOf(a, 'approver'), reason: 'moved on' })
    expect(await may(b)).toBe(false)
    const { items } = await listDelegations(admin)
    expect(items.find((d) => d.id === delegationId)).toMatchObject({ state: 'live', held: false })
  })

  it('abuse case "Delegation": is not given to oneself, nor to another identity of oneself', async () => {
    const [a, twin] = [await ws.as('approver', 'a3'), await ws.as('viewer', 'a3-at-home')]
    await expect(createDelegation(a, toDel(a))).rejects.toMatchObject({ code: 'forbidden' })
    await linkIdentities(admin, { identityId: a.actorId, otherId: twin.actorId, reason: 'the same person' })
    await expect(createDelegation(a, toDel(twin))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('is you') as string,
    })
  })

  it('is no wider than the role it rests on, in environment and label', async () => {
    const b = await ws.as('viewer', 'b4')
    const issuer = 'https://idp.test'
    const narrow = { issuer, subject: 'narrow', name: 'narrow', role: 'approver' as const, environment: 'staging' }
    const { identityId } = await bindRole(admin, narrow)
    const a: Ctx = { ...b, actorId: identityId, actor: { ...b.actor, subject: 'narrow' } }
    await expect(createDelegation(a, toDel(b))).rejects.toMatchObject({ code: 'forbidden' })
    await expect(createDelegation(a, toDel(b, { environment: 'production' }))).rejects.toMatchObject({
      code: 'forbidden',
    })
    await createDelegation(a, toDel(b, { environment: 'staging', label: 'fraud' }))
    expect(await may(b, 'staging', ['fraud'])).toBe(true)
    expect(await may(b, 'staging', ['churn'])).toBe(false)
    expect(await may(b, 'production', ['fraud'])).toBe(false)
  })

  it.each<[string, (to: Ctx) => unknown, string]>([
    ['thirty days and a moment', (to) => toDel(to, { endsAt: new Date(inDays(30).getTime() + 1) }), 'endsAt'],
    ['an end before its start', (to) => toDel(to, { startsAt: inDays(2), endsAt: inDays(1) }), 'endsAt'],
    ['a start in the past', (to) => toDel(to, { startsAt: inDays(-1) }), 'startsAt'],
    ['a start in a year', (to) => toDel(to, { startsAt: inDays(360), endsAt: inDays(361) }), 'startsAt'],
    ['the role of admin', (to) => ({ ...toDel(to), role: 'admin' }), 'role'],
    ['no reason', (to) => ({ ...toDel(to), reason: ' ' }), 'reason'],
    ['an unknown field', (to) => ({ ...toDel(to), transitive: true }), ''],
  ])('with %s is refused, and names the field', async (_, input, path) => {
    const [a, b] = [await ws.as('approver', 'a5'), await ws.as('viewer', 'b5')]
    await expect(createDelegation(a, input(b) as DelegationInput)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [expect.objectContaining({ path })] },
    })
  })

  it('of a role that is not held, or by a viewer, is a denial on record; to a stranger it is not found', async () => {
    const [a, b] = [await ws.as('developer', 'a6'), await ws.as('viewer', 'b6')]
    await expect(createDelegation(a, toDel(b))).rejects.toMatchObject({ code: 'forbidden' })
    await expect(createDelegation(b, toDel(a))).rejects.toMatchObject({ code: 'forbidden' })
    const denied = await t.system.db
      .selectFrom('audit_entry')
      .select('actor_id')
      .where('workspace_id', '=', ws.id)
      .where('kind', '=', 'delegation:create')
      .where('outcome', '=', 'denied')
      .execute()
    expect(denied.map((d) => d.actor_id)).toEqual(expect.arrayContaining([a.actorId, b.actorId]))
    const stranger = await (await t.workspace()).as('viewer')
    await expect(createDelegation(a, toDel(stranger, { role: 'developer' }))).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('is ended by those whom it concerns and by admins, and is not there for other workspaces', async () => {
    const [a, b] = [await ws.as('approver', 'a7'), await ws.as('viewer', 'b7')]
    const make = async () => (await createDelegation(a, toDel(b))).delegationId
    const reason = 'no longer needed'
    const first = await make()
    await expect(
      revokeDelegation(await ws.as('approver', 'other'), { delegationId: first, reason }),
    ).rejects.toMatchObject({ code: 'forbidden' })
    const foreign = await (await t.workspace()).as('admin')
    await expect(revokeDelegation(foreign, { delegationId: first, reason })).rejects.toMatchObject({
      code: 'not-found',
    })
    await revokeDelegation(b, { delegationId: first, reason })
    await revokeDelegation(admin, { delegationId: await make(), reason })
    expect(await may(b)).toBe(false)
  })

  it('is made once for the same time, and at most twenty are open', async () => {
    const [a, b] = [await ws.as('approver', 'a8'), await ws.as('viewer', 'b8')]
    const both = await Promise.allSettled([createDelegation(a, toDel(b)), createDelegation(a, toDel(b))])
    expect(both.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected'])
    for (let n = 1; n < 20; n += 1) await createDelegation(a, toDel(b, { label: `l${n}` }))
    await expect(createDelegation(a, toDel(b, { label: 'more' }))).rejects.toMatchObject({ code: 'conflict' })
  })
})
