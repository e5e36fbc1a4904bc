import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { bindGroup } from './bind-group.ts'
import { bindRole } from './bind-role.ts'
import { linkIdentities } from './link-identities.ts'
import { listIdentityLinks } from './reads-access.ts'
import { unlinkIdentities } from './unlink-identities.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { rememberGroups } from './remember-groups.ts'

let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin', 'ada')
})
afterAll(() => t.close())

const reason = 'the same person, HR case 7'
const link = (by: Ctx, a: Ctx, b: Ctx) => linkIdentities(by, { identityId: a.actorId, otherId: b.actorId, reason })
const onePerson = async (a: Ctx, b: Ctx, workspaceId = ws.id) => {
  const persons = await selectPersonIds(t.system.db, workspaceId, [a.actorId, b.actorId])
  return persons.get(a.actorId) === persons.get(b.actorId)
}

describe('linked identities', () => {
  it('are one person until they are unlinked, each with an entry', async () => {
    const [a, b] = [await ws.as('approver', 'kim'), await ws.as('developer', 'kim-contractor')]
    expect(await onePerson(a, b)).toBe(false)
    const { linkId } = await link(admin, a, b)
    expect(await onePerson(a, b)).toBe(true)
    const { items } = await listIdentityLinks(await ws.as('viewer'))
    expect(items).toMatchObject([{ id: linkId, reason, linkedBy: 'ada', everywhere: false }])
    await expect(link(admin, b, a)).rejects.toMatchObject({ code: 'conflict' })
    await unlinkIdentities(admin, { linkId, reason: 'it was a namesake' })
    expect(await onePerson(a, b)).toBe(false)
    await expect(unlinkIdentities(admin, { linkId, reason: 'again' })).rejects.toMatchObject({ code: 'conflict' })
    const entries = await t.system.db
      .selectFrom('audit_entry')
      .select(['kind', 'outcome'])
      .where('resource_id', '=', linkId)
      .orderBy('id')
      .execute()
    expect(entries).toEqual([
      { kind: 'identity:link', outcome: 'done' },
      { kind: 'identity:unlink', outcome: 'done' },
    ])
    await link(admin, a, b)
  })

  it('abuse case "Self-approval": an admin does not take back a link of their own identities', async () => {
    const [me, other] = [await ws.as('admin', 'eve'), await ws.as('developer', 'eve-dev')]
    const { linkId } = await link(admin, me, other)
    await expect(unlinkIdentities(me, { linkId, reason: 'let me' })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await onePerson(me, other)).toBe(true)
  })

  it('abuse case "Self-approval": an admin gives no role to another identity of themselves, nor to their group', async () => {
    const [me, twin] = [await ws.as('admin', 'mal'), await ws.as('viewer', 'mal-2')]
    await link(admin, me, twin)
    const { issuer, subject } = twin.actor
    const binding = { issuer, subject, name: 'mal', role: 'approver' as const }
    await expect(bindRole(me, binding)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(bindRole(me, { ...binding, subject: me.actor.subject })).rejects.toMatchObject({ code: 'forbidden' })
    const now = t.clock.now()
    await housekeep(t.system, 'session', (tx) =>
      rememberGroups(tx, { identityId: twin.actorId, groups: ['/mals'], now }),
    )
    await expect(bindGroup(me, { issuer, group: '/mals', role: 'approver' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await bindRole(admin, binding)
  })

  it('are the business of admins, of identities that the workspace knows', async () => {
    const [a, b] = [await ws.as('viewer', 'lea'), await ws.as('viewer', 'leo')]
    for (const role of ['viewer', 'developer', 'approver', 'operator', 'auditor'] as const)
      await expect(link(await ws.as(role), a, b)).rejects.toMatchObject({ code: 'forbidden' })
    const stranger = await (await t.workspace()).as('viewer')
    await expect(link(admin, a, stranger)).rejects.toMatchObject({ code: 'not-found' })
    await expect(link(admin, a, ws.worker)).rejects.toMatchObject({ code: 'not-found' })
    await expect(linkIdentities(admin, { identityId: 'x', otherId: b.actorId, reason: '' })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'identityId' }, { path: 'reason' }] },
    })
  })

  it('are undone in the workspace that linked them, and hold everywhere when the installation did', async () => {
    const [a, b] = [await ws.as('viewer', 'noa'), await ws.as('viewer', 'noam')]
    const foreign = await (await t.workspace()).as('admin')
    const { linkId } = await link(admin, a, b)
    const undo = { linkId, reason: 'mischief' }
    await expect(unlinkIdentities(foreign, undo)).rejects.toMatchObject({ code: 'not-found' })
    expect(await onePerson(a, b, foreign.workspaceId)).toBe(false)
    await unlinkIdentities(admin, undo)
    await link(systemCtx(t.system, rootWorkspaceId), a, b)
    expect(await onePerson(a, b)).toBe(true)
    expect(await onePerson(a, b, foreign.workspaceId)).toBe(true)
  })

  it('are at most ten of a person, however many are linked at once', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, (_, n) => ws.as('viewer', `many-${n}`)))
    const first = many[0]!
    const all = await Promise.allSettled(many.slice(1).map((other) => link(admin, first, other)))
    expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(9)
    for (const r of all) if (r.status === 'rejected') expect(r.reason).toMatchObject({ code: 'conflict' })
  })
})
