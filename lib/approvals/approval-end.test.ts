import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unbindRole } from '#lib/members/unbind-role.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { expireApprovals } from './expire-approvals.ts'
import { loadApprovalPolicies } from './load-policies.ts'
import { planApproval, readApproval } from './reads.ts'
import { findClearance } from './reads-clearance.ts'
import { revokeApproval } from './revoke-approval.ts'
import { approvalSite } from './testing/request.ts'
import { withdrawApproval } from './withdraw-approval.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof approvalSite>>
let priya: Ctx
let tomas: Ctx
const days = 86_400_000
beforeAll(async () => {
  t = await testSystem()
  await loadApprovalPolicies()
  const ws = await t.workspace()
  site = await approvalSite(t.system, ws)
  priya = await ws.as('approver', 'priya')
  tomas = await ws.as('approver', 'tomas')
})
afterAll(() => t.close())

const open = async () => {
  const version = await site.submit()
  return { ...(await site.ask(version.id)), version }
}
const approve = async (a: { id: string; revisionDigest: string }) => {
  await site.vote(priya, a)
  return site.vote(tomas, a)
}
const entriesOf = (id: string) =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['kind', 'outcome'])
    .where('resource_id', '=', id)
    .orderBy('id')
    .execute()
const clearance = async (a: { version: { id: string; digest: string } }) =>
  findClearance(
    t.system.db,
    { versionId: a.version.id, environmentId: site.production.id, digest: a.version.digest },
    t.clock.now(),
  )

const planOf = (versionId: string) => planApproval(site.dana, { versionId, environmentId: site.production.id })
const afterOf = async (id: string) => {
  const { content } = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select('d.content')
    .where('e.resource_id', '=', id)
    .executeTakeFirstOrThrow()
  return (JSON.parse(content ?? '{}') as { after?: object }).after
}

describe('the end of an approval', () => {
  it('by withdrawal leaves the way open to ask again, as the next revision', async () => {
    const a = await open()
    await site.vote(priya, a)
    await withdrawApproval(site.dana, { approvalId: a.id, reason: 'found a fault' })
    await expect(site.vote(tomas, a)).rejects.toMatchObject({ code: 'conflict' })
    await expect(withdrawApproval(site.dana, { approvalId: a.id, reason: 'found a fault' })).rejects.toMatchObject({
      code: 'conflict',
    })
    const again = await site.ask(a.version.id)
    expect(again.revision).toBe(2)
    expect((await readApproval(priya, again.id)).votes).toEqual([])
  })

  it('by rejection is final for what was rejected; the next version may be asked for', async () => {
    const a = await open()
    await site.vote(tomas, a, 'reject')
    const refused = { code: 'conflict', message: expect.stringContaining('submit it as the next version') as string }
    await expect(site.ask(a.version.id)).rejects.toMatchObject(refused)
    expect(await planOf(a.version.id)).toMatchObject({
      existing: { id: a.id, state: 'rejected' },
      can: { allowed: false, because: expect.stringContaining('this very revision was rejected') as string },
    })
    const next = await open()
    expect(next.revision).toBe(1)
    expect(await clearance(a)).toMatchObject({ kind: 'missing' })
  })

  it('by time leaves the way open to ask again before the worker has come by', async () => {
    const [waiting, approved] = [await open(), await open()]
    await approve(approved)
    t.clock.advance(14 * days)
    for (const old of [waiting, approved]) {
      expect(await planOf(old.version.id)).toMatchObject({ can: { allowed: true } })
      const again = await site.ask(old.version.id)
      expect(again.revision).toBe(2)
      expect(await readApproval(priya, old.id)).toMatchObject({ state: 'expired', decidedAt: t.clock.now() })
      expect(await afterOf(again.id)).toMatchObject({ expires: old.id })
    }
  })

  it('by revocation takes the clearance away at once', async () => {
    const a = await open()
    await expect(revokeApproval(priya, { approvalId: a.id, reason: 'too early' })).rejects.toMatchObject({
      code: 'conflict',
    })
    await approve(a)
    await expect(revokeApproval(site.dana, { approvalId: a.id, reason: 'not mine' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await revokeApproval(priya, { approvalId: a.id, reason: 'a fault was found' })
    expect(await clearance(a)).toMatchObject({ kind: 'revoked', because: 'revoked: a fault was found' })
  })

  it('by lost roles: the votes no longer make a quorum when it is used', async () => {
    const a = await open()
    const wim = await site.ws.as('approver', 'wim')
    await site.vote(priya, a)
    await site.vote(wim, a)
    expect(await clearance(a)).toMatchObject({ kind: 'valid' })
    await unbind(wim)
    expect(await clearance(a)).toMatchObject({ kind: 'missing', because: expect.stringContaining('1 of 2') as string })
  })

  it('by another artefact: the clearance is for a digest', async () => {
    const a = await open()
    await approve(a)
    expect(await clearance({ version: { id: a.version.id, digest: `sha256:${'f'.repeat(64)}` } })).toMatchObject({
      kind: 'missing',
      because: 'the approval is for another digest',
    })
    expect(await clearance({ version: { id: 'mv_none', digest: a.version.digest } })).toMatchObject({
      kind: 'missing',
      approvalId: null,
    })
  })

  it('by time: judged by the clock at once, and moved by the worker with an entry of its own', async () => {
    const [waiting, approved] = [await open(), await open()]
    await approve(approved)
    t.clock.advance(7 * days)
    await expect(site.vote(priya, waiting)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('run out') as string,
    })
    expect(await expireApprovals(t.system)).toBeGreaterThan(0)
    expect(await readApproval(priya, waiting.id)).toMatchObject({
      state: 'expired',
      because: 'Nobody decided before the request ran out.',
    })
    expect(await clearance(approved)).toMatchObject({ kind: 'valid' })
    t.clock.advance(7 * days)
    expect(await clearance(approved)).toMatchObject({ kind: 'expired' })
    const both = await Promise.all([expireApprovals(t.system), expireApprovals(t.system)])
    expect(both[0] + both[1]).toBeGreaterThan(0)
    expect(await expireApprovals(t.system)).toBe(0)
    expect((await entriesOf(approved.id)).filter((e) => e.kind === 'approval:expire')).toEqual([
      { kind: 'approval:expire', outcome: 'done' },
    ])
    await expect(site.ask(approved.version.id)).resolves.toMatchObject({ revision: 2 })
  })
})

async function unbind(who: Ctx): Promise<void> {
  const row = await t.system.db
    .selectFrom('role_binding')
    .select('id')
    .where('identity_id', '=', who.actorId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  await unbindRole(site.admin, { bindingId: row.id, reason: 'left the company' })
}
