import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { withdrawEvidence } from '#lib/models/withdraw-evidence.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { testSystem } from '../../tests/support/system.ts'
import { expireApprovals } from './expire-approvals.ts'
import { listApprovals, readApproval } from './reads.ts'
import { abuseSite } from './testing/abuse-site.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { useBreakGlass } from './use-break-glass.ts'

const t = await testSystem()
const { site, priya, tomas, olu, open, approved, clearance, measured, also, placeOf } = await abuseSite(t)
beforeEach(() => putInForce(policyText('two')))
afterAll(() => t.close())

const newestOf = async (versionId: string) => (await listApprovals(site.dana, { versionId })).items[0]!

describe('self-approval', () => {
  it('is refused to requester, version author, run owner and evidence author', async () => {
    const sam = await site.ws.as('approver', 'sam')
    await also('developer', sam)
    const theirs = await site.submit(sam)
    const trained = await site.submit(site.dana, { runOwner: { issuer: sam.actor.issuer, subject: sam.actor.subject } })
    const shown = await site.submit()
    await measured(sam, shown.id, 0.97)
    for (const [versionId, who, rule] of [
      [theirs.id, site.dana, 'version-author'],
      [(await site.submit()).id, sam, 'requester'],
      [trained.id, site.dana, 'run-owner'],
      [shown.id, site.dana, 'evidence-author'],
    ] as const) {
      const a = await site.ask(versionId, site.production.id, who)
      await expect(site.vote(sam, a)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(rule) as string,
      })
      expect((await readApproval(sam, a.id)).mine.vote).toMatchObject({ allowed: false })
    }
  })
})

describe('author edits rules', () => {
  it('the policy is bound at submit: a laxer file decides nothing that is open, a tighter one bites at use', async () => {
    const a = await open()
    await site.vote(priya, a)
    await putInForce(policyText('two', { quorum: '{ approver: 1 }' }))
    await expect(site.vote(tomas, a)).rejects.toMatchObject({
      code: 'stale-revision',
      details: { changed: ['policy'] },
    })
    expect(await newestOf(a.version.id)).toMatchObject({ state: 'open', revision: 1 })
    await putInForce(policyText('two'))
    await site.vote(tomas, a)
    expect(await clearance(a)).toMatchObject({ kind: 'valid' })
    await putInForce(policyText('two', { quorum: '{ approver: 3 }' }))
    expect(await clearance(a)).toMatchObject({
      kind: 'missing',
      because: expect.stringContaining('2 of 3 approvers') as string,
    })
    await putInForce(policyText('two', { quorum: '{ approver: 1 }' }))
    expect(await clearance(a)).toMatchObject({ kind: 'valid' })
  })
})

describe('mutation after approval', () => {
  it('makes a new revision: the old votes are void, and the approval clears nothing', async () => {
    const a = await approved()
    const added = await measured(site.dana, a.version.id, 0.5)
    expect(await clearance(a)).toMatchObject({
      kind: 'missing',
      because: expect.stringContaining('evidence changed') as string,
    })
    await withdrawEvidence(site.dana, { evidenceId: added.id, reason: 'of another run' })
    expect(await clearance(a)).toMatchObject({ kind: 'valid' })
    await measured(site.dana, a.version.id, 0.7)
    const next = await site.ask(a.version.id)
    expect(next.revision).toBe(2)
    expect(await readApproval(site.dana, a.id)).toMatchObject({ state: 'superseded', changed: ['evidence'] })
    expect(await readApproval(site.dana, next.id)).toMatchObject({ state: 'open', votes: [] })
  })

  it('before the quorum too: the worker submits the new revision for whoever asked', async () => {
    const a = await open()
    await site.vote(priya, a)
    await measured(site.dana, a.version.id, 0.8)
    await expect(site.vote(tomas, a)).rejects.toMatchObject({
      code: 'stale-revision',
      details: { changed: ['evidence'] },
    })
    expect(await expireApprovals(t.system)).toBe(1)
    const next = await newestOf(a.version.id)
    expect(next).toMatchObject({ state: 'open', revision: 2, requestedBy: { name: 'dana' } })
    expect(await readApproval(priya, a.id)).toMatchObject({ state: 'superseded' })
    expect(await expireApprovals(t.system)).toBe(0)
  })
})

describe('approver removed', () => {
  it('before the quorum does not count, and after it takes the clearance along; the history stays', async () => {
    const vic = await site.ws.as('approver', 'vic')
    const a = await open()
    await site.vote(vic, a)
    await site.vote(priya, a)
    expect(await clearance(a)).toMatchObject({ kind: 'valid' })
    const { id } = await t.system.db
      .selectFrom('role_binding')
      .select('id')
      .where('identity_id', '=', vic.actorId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    await unbindRole(site.admin, { bindingId: id, reason: 'left' })
    expect(await clearance(a)).toMatchObject({
      kind: 'missing',
      because: expect.stringContaining('no longer make a quorum') as string,
    })
    expect((await readApproval(priya, a.id)).votes.map((v) => [v.voter.name, v.counts.allowed])).toEqual([
      ['vic', false],
      ['priya', true],
    ])
  })
})

describe('stale evidence', () => {
  it('may be asked on and no longer decided on when it has grown too old; what cannot be judged fails and says why', async () => {
    await putInForce(
      policyText('fresh', {
        evidence:
          '[{ kind: evaluation, maxAge: 2d, require: evidence.metrics.auc >= stable.metrics.auc - 0.01 || stable == null }]',
      }),
    )
    const a = await open()
    await site.vote(priya, a)
    t.clock.advance(3 * 86_400_000)
    expect(await site.vote(tomas, a)).toMatchObject({
      state: 'open',
      because: expect.stringContaining('evidence no longer holds') as string,
    })
    const [check] = (await readApproval(priya, a.id)).evidence
    expect(check).toMatchObject({
      ok: false,
      because: 'is 3 days old, and may be 2 days: measure it again',
      values: { 'evidence.metrics.auc': 0.9, 'stable.metrics.auc': null },
    })
    await putInForce(policyText('first', { evidence: '[{ kind: evaluation, require: evidence.metrics.f1 >= 0.9 }]' }))
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('evidence.metrics.f1 is missing') as string,
    })
    await putInForce(
      policyText('scan', { evidence: '[{ kind: security-scan, require: evidence.counts.critical == 0 }]' }),
    )
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('there is no security-scan') as string,
    })
  })
})

describe('reject vs approve', () => {
  it('a veto is terminal for the revision: it is not asked again, and break-glass does not lift it', async () => {
    await putInForce(
      policyText('glass', { breakGlass: '{ by: [operator], ttl: 4h, requireIncident: false, reviewWithin: 3d }' }),
    )
    const a = await open()
    await site.vote(priya, a, 'reject')
    await expect(site.ask(a.version.id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('very revision was rejected') as string,
    })
    await expect(useBreakGlass(olu, { ...placeOf(a), reason: 'production is down' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('replayed vote', () => {
  it('is one vote', async () => {
    const a = await open()
    await site.vote(priya, a)
    await expect(site.vote(priya, a)).rejects.toMatchObject({ code: 'conflict' })
    expect((await readApproval(priya, a.id)).votes).toHaveLength(1)
  })

  it('needs a sign-in of late, where the issuer tells its time', async () => {
    const a = await open()
    const stale = { ...priya, actor: { ...priya.actor, authTime: new Date(t.clock.now().getTime() - 16 * 60_000) } }
    await expect(site.vote(stale, a)).rejects.toMatchObject({ code: 'forbidden', details: { stepUp: true } })
    expect(await site.vote({ ...priya, actor: { ...priya.actor, authTime: t.clock.now() } }, a)).toMatchObject({
      state: 'open',
    })
  })
})
