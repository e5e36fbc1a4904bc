import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindGroup } from '#lib/members/bind-group.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { createDelegation } from '#lib/members/create-delegation.ts'
import { linkIdentities } from '#lib/members/link-identities.ts'
import { revokeDelegation } from '#lib/members/revoke-delegation.ts'
import { unbindGroup } from '#lib/members/unbind-group.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { actions, roles } from './actions.ts'
import { recentAuthActions, recentAuthSeconds } from './step-up.ts'

let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin', 'ada')
})
afterAll(() => t.close())

const signedIn = (who: Ctx, ageSeconds: number): Ctx => ({
  ...who,
  actor: { ...who.actor, authTime: new Date(t.clock.now().getTime() - ageSeconds * 1000) },
})
const old = (who: Ctx) => signedIn(who, recentAuthSeconds + 1)
const refused = { code: 'forbidden', details: { stepUp: true, maxAgeSeconds: recentAuthSeconds } }
const person = (subject: string) => ({ issuer: 'https://idp.test', subject, name: subject, kind: 'person' as const })
const denials = async (kind: string) =>
  (
    await t.system.db
      .selectFrom('audit_entry')
      .select('id')
      .where('kind', '=', kind)
      .where('outcome', '=', 'denied')
      .where('workspace_id', '=', ws.id)
      .execute()
  ).length
const counted = async () => {
  const of = async (table: 'role_binding' | 'group_binding' | 'delegation' | 'identity_link') =>
    (await t.system.db.selectFrom(table).selectAll().orderBy('id').execute()).map((row) => JSON.stringify(row))
  return Promise.all([of('role_binding'), of('group_binding'), of('delegation'), of('identity_link')])
}

describe('a recent sign-in', () => {
  it('is asked of whoever holds every role, by exactly the actions of the list', async () => {
    const all = await Promise.all(roles.filter((role) => role !== 'worker').map((role) => ws.as(role, 'omni')))
    const omni = all[0] as Ctx
    const here = { kind: 'workspace', id: ws.id, workspaceId: ws.id }
    const audit = { because: 'a test' }
    const asks = async (action: (typeof actions)[number], who: Ctx) => {
      const load = () => Promise.resolve({ subject: null, resource: here })
      const run = () => mutate(who, { action, load }, () => Promise.resolve({ value: 'done', audit }))
      const told = await run().catch((error: unknown) => error)
      return isProblem(told, 'forbidden') && told.details?.['stepUp'] === true
    }
    const asked = []
    for (const action of actions) {
      if (await asks(action, old(omni))) asked.push(action)
      expect([action, await asks(action, signedIn(omni, recentAuthSeconds))]).toEqual([action, false])
      // Where the issuer tells no time.
      expect([action, await asks(action, omni)]).toEqual([action, false])
    }
    // Rules are loaded by the installation alone, so that nobody's sign-in is judged.
    expect(new Set([...asked, 'access:load'])).toEqual(recentAuthActions)
  })

  it('is asked for before roles, groups, delegations and links change; the refusal is recorded, nothing is written', async () => {
    const gil = await ws.as('viewer', 'gil')
    const priya = await ws.as('approver', 'priya')
    const { bindingId } = await bindRole(admin, { ...person('una'), role: 'viewer' })
    const group = { issuer: 'https://idp.test', group: '/risk', role: 'viewer' as const }
    const bound = await bindGroup(admin, group)
    const lend = {
      delegateId: gil.actorId,
      role: 'approver' as const,
      endsAt: new Date(t.clock.now().getTime() + 86_400_000),
      reason: 'on leave',
    }
    const { delegationId } = await createDelegation(priya, lend)
    const before = await counted()
    const reason = 'a reason'
    const acts: [string, () => Promise<unknown>][] = [
      ['member:bind', () => bindRole(old(admin), { ...person('uwe'), role: 'approver' })],
      ['member:unbind', () => unbindRole(old(admin), { bindingId, reason })],
      ['member:bind', () => bindGroup(old(admin), { ...group, role: 'operator' })],
      ['member:unbind', () => unbindGroup(old(admin), { bindingId: bound.bindingId, reason })],
      ['delegation:create', () => createDelegation(old(priya), { ...lend, environment: 'production' })],
      ['delegation:revoke', () => revokeDelegation(old(priya), { delegationId, reason })],
      ['identity:link', () => linkIdentities(old(admin), { identityId: gil.actorId, otherId: priya.actorId, reason })],
    ]
    for (const [kind, act] of acts) {
      t.clock.advance(61_000)
      const told = await denials(kind)
      await expect(act()).rejects.toMatchObject(refused)
      expect([kind, await denials(kind)]).toEqual([kind, told + 1])
    }
    expect(await counted()).toEqual(before)
    const fresh = signedIn(priya, recentAuthSeconds)
    await expect(revokeDelegation(fresh, { delegationId, reason })).resolves.toEqual({ delegationId })
  })
})
