import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { createDelegation } from '#lib/members/create-delegation.ts'
import { linkIdentities } from '#lib/members/link-identities.ts'
import { addEvidence } from '#lib/models/add-evidence.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { readApproval } from './reads.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { approvalSite } from './testing/request.ts'
import { withdrawApproval } from './withdraw-approval.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof approvalSite>>
beforeAll(async () => {
  t = await testSystem()
  site = await approvalSite(t.system, await t.workspace())
  await putInForce(policyText('two'))
})
afterAll(() => t.close())

const person = (role: 'developer' | 'approver' | 'viewer', name: string) => site.ws.as(role, name)
const lend = (from: Ctx, to: Ctx) =>
  createDelegation(from, {
    delegateId: to.actorId,
    role: 'approver',
    endsAt: new Date(t.clock.now().getTime() + 86_400_000),
    reason: 'on holiday',
  })

describe('delegation', () => {
  it('counts delegator and delegate once, and only while it lasts', async () => {
    const [ann, del, ben] = [
      await person('approver', 'ann'),
      await person('viewer', 'del'),
      await person('approver', 'ben'),
    ]
    await lend(ann, del)
    const a = await site.ask((await site.submit()).id)
    expect(await site.vote(del, a)).toMatchObject({ state: 'open', counted: { approver: { have: 1, need: 2 } } })
    expect(await site.vote(ann, a)).toMatchObject({ state: 'open', counted: { approver: { have: 1, need: 2 } } })
    expect((await readApproval(ann, a.id)).votes[0]).toMatchObject({ onBehalfOf: ann.actorId })
    expect(await site.vote(ben, a)).toMatchObject({ state: 'approved' })
    const b = await site.ask((await site.submit()).id)
    t.clock.advance(2 * 86_400_000)
    await expect(site.vote(del, b)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('inherits the conflicts of the delegator', async () => {
    const [both, del] = [await person('approver', 'both'), await person('viewer', 'del2')]
    await bindRole(site.admin, {
      issuer: both.actor.issuer,
      subject: both.actor.subject,
      name: 'both',
      role: 'developer',
    })
    await lend(both, del)
    const a = await site.ask((await site.submit(both)).id)
    await expect(site.vote(del, a)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('delegated by somebody who may not decide') as string,
    })
  })
})

describe('linked identities', () => {
  it('are one person: they vote once, and what bars one bars the other', async () => {
    const [work, home] = [await person('approver', 'work'), await person('approver', 'home')]
    const a = await site.ask((await site.submit()).id)
    await site.vote(work, a)
    await linkIdentities(site.admin, { identityId: work.actorId, otherId: home.actorId, reason: 'the same person' })
    await expect(site.vote(home, a)).rejects.toMatchObject({ code: 'conflict' })
    const shown = await site.submit()
    await bindRole(site.admin, {
      issuer: home.actor.issuer,
      subject: home.actor.subject,
      name: 'home',
      role: 'developer',
    })
    await addEvidence(home, { versionId: shown.id, kind: 'evaluation', content: { metrics: { auc: 0.9 } } })
    const b = await site.ask(shown.id)
    await expect(site.vote(work, b)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('evidence-author') as string,
    })
  })
})

describe('withdrawing', () => {
  it('is for the requester or an admin', async () => {
    const a = await site.ask((await site.submit()).id)
    const other = await person('developer', 'other')
    const end = { approvalId: a.id, reason: 'not needed' }
    await expect(withdrawApproval(other, end)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await withdrawApproval(site.admin, end)).toMatchObject({ state: 'withdrawn' })
  })
})

describe('quorum race', () => {
  it('votes and edits of the evidence at once leave either an approval of what was voted on, or none', async () => {
    const names = ['r1', 'r2', 'r3', 'r4']
    const people = await Promise.all(names.map((n) => person('approver', n)))
    for (let round = 0; round < 10; round++) {
      const version = await site.submit()
      const a = await site.ask(version.id)
      const edit = addEvidence(site.dana, {
        versionId: version.id,
        kind: 'evaluation',
        content: { metrics: { auc: 0.7 } },
      })
      const results = await Promise.allSettled([...people.map((p) => site.vote(p, a)), edit])
      for (const r of results) if (r.status === 'rejected') expect(r.reason).toSatisfy((e) => isProblem(e))
      const detail = await readApproval(site.dana, a.id)
      const cast = results.slice(0, -1).filter((r) => r.status === 'fulfilled').length
      expect(detail.votes).toHaveLength(cast)
      expect(detail.state).toBe(cast >= 2 ? 'approved' : 'open')
      expect(detail.changed).toEqual(['evidence'])
    }
  })
})
