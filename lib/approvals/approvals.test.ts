import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { castVote } from './cast-vote.ts'
import { loadApprovalPolicies } from './load-policies.ts'
import { listApprovals, readApproval } from './reads.ts'
import { findClearance } from './reads-clearance.ts'
import { requestApproval } from './request-approval.ts'
import { approvalSite } from './testing/request.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof approvalSite>>
let priya: Ctx
let tomas: Ctx
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

describe('asking for approval', () => {
  it('binds model, version, evidence, policy and environment in one digest', async () => {
    const a = await open()
    const detail = await readApproval(site.dana, a.id)
    expect(detail).toMatchObject({
      state: 'open',
      revision: 1,
      revisionDigest: a.revisionDigest,
      policy: { name: 'protected', quorum: { approver: 2, validator: 0 } },
    })
    expect(detail.subject).toMatchObject({
      version: { digest: a.version.digest },
      environment: { name: 'production' },
      evidence: [{ metrics: { auc: 0.9 } }],
    })
    expect(detail.tally.counted).toEqual({ approver: { have: 0, need: 2 } })
    expect(await entriesOf(a.id)).toEqual([{ kind: 'approval:request', outcome: 'done' }])
  })

  it('is refused twice, without evidence, across workspaces and without the role', async () => {
    const a = await open()
    await expect(site.ask(a.version.id)).rejects.toMatchObject({ code: 'conflict', details: { approvalId: a.id } })
    const bare = await site.submit(site.dana, { metrics: {} })
    await expect(site.ask(bare.id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('there is no evaluation') as string,
    })
    await expect(site.ask(bare.id, site.staging.id)).resolves.toMatchObject({ policy: 'unprotected' })
    const other = await t.workspace()
    await expect(site.ask(a.version.id, site.production.id, await other.as('developer'))).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(site.ask(a.version.id, site.production.id, priya)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(requestApproval(site.dana, { versionId: 'x', environmentId: 'y', reason: '' })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'versionId' }, { path: 'environmentId' }, { path: 'reason' }] },
    })
  })
})

describe('voting', () => {
  it('approves when enough people did, each with an entry', async () => {
    const a = await open()
    expect(await site.vote(priya, a)).toMatchObject({ state: 'open', counted: { approver: { have: 1, need: 2 } } })
    expect(await site.vote(tomas, a)).toMatchObject({ state: 'approved', counted: { approver: { have: 2, need: 2 } } })
    const detail = await readApproval(site.dana, a.id)
    expect(detail).toMatchObject({
      state: 'approved',
      decidedAt: t.clock.now(),
      expiresAt: new Date(t.clock.now().getTime() + 14 * 86_400_000),
    })
    expect(detail.votes.map((v) => [v.voter.name, v.counts.allowed])).toEqual([
      ['priya', true],
      ['tomas', true],
    ])
    expect((await entriesOf(a.id)).map((e) => e.kind)).toEqual(['approval:request', 'approval:vote', 'approval:vote'])
    expect(await clearance(a)).toMatchObject({ kind: 'valid', approvalId: a.id })
  })

  it('ends with the first rejection: a veto', async () => {
    const a = await open()
    await site.vote(priya, a)
    expect(await site.vote(tomas, a, 'reject')).toMatchObject({ state: 'rejected' })
    await expect(site.vote(await site.ws.as('approver', 'third'), a)).rejects.toMatchObject({
      code: 'conflict',
      details: { state: 'rejected' },
    })
    expect(await clearance(a)).toMatchObject({ kind: 'missing', because: 'the request is rejected' })
  })

  it('counts a person once', async () => {
    const a = await open()
    await site.vote(priya, a)
    await expect(site.vote(priya, a)).rejects.toMatchObject({ code: 'conflict' })
    await expect(site.vote(priya, a, 'reject')).rejects.toMatchObject({ code: 'conflict' })
    expect((await readApproval(priya, a.id)).mine.vote).toMatchObject({
      allowed: false,
      because: 'you have voted on this revision',
    })
  })

  it('is on the revision that was read; a newer one is named (409)', async () => {
    const a = await open()
    const stale = { ...a, revisionDigest: `sha256:${'0'.repeat(64)}` }
    await expect(site.vote(priya, stale)).rejects.toMatchObject({
      code: 'stale-revision',
      details: { revisionDigest: a.revisionDigest },
    })
    expect((await readApproval(priya, a.id)).votes).toEqual([])
  })

  it('is refused to whoever asked, submitted or trained, by identity and not by name, and the denial is on record', async () => {
    const sam = await both('sam', ['developer', 'approver'])
    const mine = await site.submit(sam)
    const asked = await site.ask(mine.id, site.production.id, site.dana)
    await expect(site.vote(sam, asked)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('version-author') as string,
    })
    const theirs = await site.submit(site.dana)
    const askedBySam = await site.ask(theirs.id, site.production.id, sam)
    await expect(site.vote(sam, askedBySam)).rejects.toMatchObject({
      message: expect.stringContaining('requester') as string,
    })
    const trained = await site.submit(site.dana, { runOwner: { issuer: sam.actor.issuer, subject: sam.actor.subject } })
    const owned = await site.ask(trained.id)
    await expect(site.vote(sam, owned)).rejects.toMatchObject({
      message: expect.stringContaining('run-owner') as string,
    })
    for (const a of [asked, askedBySam, owned])
      expect(await entriesOf(a.id)).toContainEqual({ kind: 'approval:vote', outcome: 'denied' })
    const namesake = await bindRole(site.admin, {
      issuer: 'https://other.test',
      subject: sam.actor.subject,
      name: 'sam',
      role: 'approver',
    })
    const other = { ...sam, actor: { ...sam.actor, issuer: 'https://other.test' }, actorId: namesake.identityId }
    await expect(site.vote(other, owned)).resolves.toMatchObject({ state: 'open' })
  })

  it('does not count a vote whose voter lost the role before the quorum', async () => {
    const a = await open()
    const vic = await site.ws.as('approver', 'vic')
    await site.vote(vic, a)
    await unbind(vic)
    expect(await site.vote(priya, a)).toMatchObject({ state: 'open', counted: { approver: { have: 1, need: 2 } } })
    const [vote] = (await readApproval(priya, a.id)).votes
    expect(vote?.counts).toEqual({ allowed: false, because: 'the voter no longer holds the role approver' })
    expect(await site.vote(tomas, a)).toMatchObject({ state: 'approved' })
  })

  it.each([
    ['a short reason', { reason: 'ok' }],
    ['a decision that is none', { decision: 'maybe' }],
    ['a digest that is none', { revisionDigest: 'sha256:x' }],
    ['an id that is none', { approvalId: 'x' }],
    ['something unknown', { weight: 2 }],
  ])('refuses %s', async (_, change) => {
    const input = {
      approvalId: 'ap_x',
      decision: 'approve',
      reason: 'looked at it',
      revisionDigest: `sha256:${'0'.repeat(64)}`,
      ...change,
    }
    await expect(castVote(priya, input as Parameters<typeof castVote>[1])).rejects.toMatchObject({ code: 'invalid' })
  })

  it('is not for another workspace, nor for roles that decide nothing', async () => {
    const a = await open()
    await expect(site.vote(await (await t.workspace()).as('approver'), a)).rejects.toMatchObject({ code: 'not-found' })
    for (const role of ['viewer', 'operator', 'auditor', 'admin'] as const)
      await expect(site.vote(await site.ws.as(role), a)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(site.vote(site.ws.worker, a)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(site.vote(await site.ws.as('validator', 'val'), a)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('needs a role that reaches the environment and the model', async () => {
    const a = await open()
    const near = await narrowed('near', { environment: 'production', label: 'risk' })
    const far = await narrowed('far', { environment: 'staging' })
    const elsewhere = await narrowed('elsewhere', { label: 'other' })
    await expect(site.vote(far, a)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(site.vote(elsewhere, a)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(site.vote(near, a)).resolves.toMatchObject({ state: 'open' })
  })
})

describe('reading approvals', () => {
  it('is by state and version, page by page, of this workspace alone', async () => {
    const a = await open()
    const list = await listApprovals(priya, { versionId: a.version.id })
    expect(list.items.map((i) => i.id)).toEqual([a.id])
    expect((await listApprovals(priya, { state: 'open', limit: 1 })).items).toHaveLength(1)
    const stranger = await (await t.workspace()).as('approver')
    expect((await listApprovals(stranger)).items).toEqual([])
    await expect(readApproval(stranger, a.id)).rejects.toMatchObject({ code: 'not-found' })
  })
})

async function both(name: string, held: readonly ('developer' | 'approver')[]): Promise<Ctx> {
  const [first, second] = held
  await site.ws.as(second!, name)
  return site.ws.as(first!, name)
}

async function narrowed(name: string, scope: { environment?: string; label?: string }): Promise<Ctx> {
  const who = { issuer: 'https://idp.test', subject: name, name, kind: 'person' as const }
  const { identityId } = await bindRole(site.admin, { ...who, role: 'approver', ...scope })
  return { ...priya, actor: { ...who, via: 'api' }, actorId: identityId }
}

async function unbind(who: Ctx): Promise<void> {
  const row = await t.system.db
    .selectFrom('role_binding')
    .select('id')
    .where('identity_id', '=', who.actorId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  await unbindRole(site.admin, { bindingId: row.id, reason: 'left the company' })
}
