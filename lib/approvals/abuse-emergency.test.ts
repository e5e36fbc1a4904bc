import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openIncident } from '#lib/incidents/open-incident.ts'
import { testSystem } from '../../tests/support/system.ts'
import { expireApprovals } from './expire-approvals.ts'
import { listBreakGlass } from './reads-break-glass.ts'
import { findReturnClearance } from './reads-clearance.ts'
import { reviewBreakGlass } from './review-break-glass.ts'
import { abuseSite } from './testing/abuse-site.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { useBreakGlass } from './use-break-glass.ts'

const t = await testSystem()
const { site, priya, tomas, olu, approved, at, clearance, measured, also, placeOf } = await abuseSite(t)
beforeEach(() => putInForce(policyText('two')))
afterAll(() => t.close())

describe('break-glass', () => {
  it('is its own permission, tied to an incident, time-boxed, marked, reviewed by another, and blocked until then', async () => {
    await putInForce(
      policyText('glass', { breakGlass: '{ by: [operator], ttl: 4h, requireIncident: true, reviewWithin: 3d }' }),
    )
    const a = { version: await site.submit() }
    const reason = 'production is down and this is the fix'
    await expect(useBreakGlass(priya, { ...placeOf(a), reason })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(useBreakGlass(olu, { ...placeOf(a), reason })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'incidentId' }] },
    })
    const { id: incidentId } = await openIncident(olu, {
      title: 'Payments fail',
      severity: 'sev1',
      reason: 'errors at 40 %',
    })
    const elsewhere = await t.workspace()
    await expect(
      useBreakGlass(await elsewhere.as('operator'), { ...placeOf(a), incidentId, reason }),
    ).rejects.toMatchObject({ code: 'not-found' })
    const stepUp = { code: 'forbidden', details: { stepUp: true } }
    const stale = (who: typeof olu) => ({
      ...who,
      actor: { ...who.actor, authTime: new Date(t.clock.now().getTime() - 16 * 60_000) },
    })
    await expect(useBreakGlass(stale(olu), { ...placeOf(a), incidentId, reason })).rejects.toMatchObject(stepUp)
    const used = await useBreakGlass(olu, { ...placeOf(a), incidentId, reason })
    expect(await clearance(a)).toMatchObject({ kind: 'valid', approvalId: null, breakGlassId: used.id })
    expect((await listBreakGlass(priya, { versionId: a.version.id })).items[0]).toMatchObject({
      live: true,
      usedBy: { name: 'olu' },
      review: null,
    })
    await expect(
      useBreakGlass(olu, { ...placeOf({ version: await site.submit() }), incidentId, reason }),
    ).rejects.toMatchObject({ code: 'conflict', details: { breakGlassId: used.id } })
    const review = { breakGlassId: used.id, verdict: 'objected' as const, reason: 'there was time to ask' }
    await also('approver', olu)
    await expect(reviewBreakGlass(olu, review)).rejects.toMatchObject({ code: 'forbidden' })
    t.clock.advance(3 * 86_400_000)
    expect(await clearance(a)).toMatchObject({ kind: 'missing' })
    expect([await expireApprovals(t.system), await expireApprovals(t.system)]).toEqual([expect.any(Number), 0])
    await expect(reviewBreakGlass(stale(priya), review)).rejects.toMatchObject(stepUp)
    await reviewBreakGlass(priya, review)
    await expect(reviewBreakGlass(tomas, review)).rejects.toMatchObject({ code: 'conflict' })
    const kinds = await t.system.db
      .selectFrom('audit_entry')
      .select(['kind', 'outcome'])
      .where('resource_id', '=', used.id)
      .orderBy('id')
      .execute()
    expect(kinds.map((k) => `${k.kind} ${k.outcome}`)).toEqual([
      'break-glass:use done',
      'break-glass:review denied',
      'break-glass:overdue done',
      'break-glass:review denied',
      'break-glass:review done',
    ])
  })
})

describe('freeze override', () => {
  it('is for the roles that the policy names, and the safe direction is never frozen', async () => {
    const a = await approved()
    await putInForce(
      policyText('two', { freeze: '[{ cron: "* * * * *", duration: 1d, timezone: UTC, overrideBy: [admin] }]' }),
    )
    expect(await clearance(a, olu.actorId)).toMatchObject({
      kind: 'frozen',
      because: expect.stringContaining('admin may override') as string,
    })
    expect(await clearance(a)).toMatchObject({ kind: 'frozen' })
    expect(await clearance(a, site.admin.actorId)).toMatchObject({
      kind: 'valid',
      overrides: expect.stringContaining('* * * * *') as string,
    })
    await measured(site.dana, a.version.id, 0.4)
    expect(await findReturnClearance(t.system.db, at(a), t.clock.now())).toMatchObject({
      kind: 'valid',
      approvalId: a.id,
    })
  })
})
