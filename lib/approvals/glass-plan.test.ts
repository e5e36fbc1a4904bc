import { afterAll, beforeAll, expect, it } from 'vitest'
import { listEvidenceFor } from '#lib/models/reads-evidence.ts'
import { withdrawEvidence } from '#lib/models/withdraw-evidence.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { listBreakGlass, mayReviewGlass, planBreakGlass } from './reads-break-glass.ts'
import { reviewBreakGlass } from './review-break-glass.ts'
import { abuseSite } from './testing/abuse-site.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { useBreakGlass } from './use-break-glass.ts'

const breakGlass = '{ by: [operator], ttl: 4h, requireIncident: false, reviewWithin: 3d }'
const reason = 'production is down and this is the fix'

let t: TestSystem
let site: Awaited<ReturnType<typeof abuseSite>>
beforeAll(async () => {
  t = await testSystem()
  site = await abuseSite(t)
})
afterAll(() => t.close())

it('plans break-glass by the rules of the verb: no rule, no role, what it would be', async () => {
  const { priya, olu, placeOf } = site
  await putInForce(policyText('none'))
  const a = await site.open()
  expect(await planBreakGlass(olu, placeOf(a))).toMatchObject({
    rule: null,
    can: { allowed: false, because: 'The policy none has no break-glass.' },
  })
  await putInForce(policyText('glass', { breakGlass }))
  expect((await planBreakGlass(priya, placeOf(a))).can).toEqual({
    allowed: false,
    because: 'The policy glass lets operator break glass, in person.',
  })
  expect(await planBreakGlass(olu, placeOf(a))).toMatchObject({
    policy: { name: 'glass' },
    rule: { ttl: 4 * 3600, requireIncident: false, reviewWithin: 3 * 86_400 },
    can: { allowed: true },
  })
})

it('a veto stands against it, and so does a use that nobody has reviewed; its user may not review it', async () => {
  const { priya, olu, placeOf } = site
  await putInForce(policyText('glass', { breakGlass }))
  const [vetoed, a] = [await site.open(), await site.open()]
  await site.site.vote(priya, vetoed, 'reject')
  expect((await planBreakGlass(olu, placeOf(vetoed))).can).toMatchObject({
    allowed: false,
    because: expect.stringContaining('the request was rejected') as string,
  })
  const used = await useBreakGlass(olu, { ...placeOf(a), reason })
  expect((await planBreakGlass(olu, placeOf(a))).can).toMatchObject({
    allowed: false,
    because: expect.stringContaining(`awaits its review (${used.id}, used by olu)`) as string,
  })
  const seen = async () => {
    const [glass] = (await listBreakGlass(priya, placeOf(a))).items
    if (!glass) throw new Error('the use is not listed')
    return glass
  }
  expect(await mayReviewGlass(olu, await seen())).toMatchObject({ allowed: false })
  expect(await mayReviewGlass(priya, await seen())).toEqual({ allowed: true })
  await reviewBreakGlass(priya, { breakGlassId: used.id, verdict: 'accepted', reason: 'there was no time' })
  expect(await mayReviewGlass(priya, await seen())).toEqual({ allowed: false, because: 'It was reviewed already.' })
  expect((await planBreakGlass(olu, placeOf(a))).can).toEqual({ allowed: true })
  const stranger = await (await t.workspace()).as('operator')
  await expect(planBreakGlass(stranger, placeOf(a))).rejects.toMatchObject({ code: 'not-found' })
})

it('evidence says who may withdraw it', async () => {
  const { priya, site: inner } = site
  const a = await site.open()
  const { id } = await site.measured(inner.dana, a.version.id, 0.97)
  const mine = async (who: typeof priya) =>
    (await listEvidenceFor(who, a.version.id)).find((each) => each.id === id)?.mine.withdraw
  expect(await mine(inner.dana)).toEqual({ allowed: true })
  expect(await mine(inner.admin)).toEqual({ allowed: true })
  expect(await mine(priya)).toMatchObject({ allowed: false })
  await withdrawEvidence(inner.dana, { evidenceId: id, reason: 'measured on the wrong set' })
  expect(await mine(inner.dana)).toEqual({ allowed: false, because: 'It was withdrawn already.' })
})
