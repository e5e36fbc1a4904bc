import { afterAll, beforeAll, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { listApprovals } from './reads.ts'
import { readSinceRevision } from './reads-since.ts'
import { renewRequest } from './renew-request.ts'
import { abuseSite } from './testing/abuse-site.ts'
import { policyText, putInForce } from './testing/in-force.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof abuseSite>>
beforeAll(async () => {
  t = await testSystem()
  site = await abuseSite(t)
  await putInForce(policyText('two'))
})
afterAll(() => t.close())

it('says what changed since the last revision, and nothing of a first one', async () => {
  const { priya } = site
  const first = await site.open()
  expect(await readSinceRevision(priya, first.id)).toBeNull()
  await site.measured(site.site.dana, first.version.id, 0.91)
  await putInForce(policyText('two', { quorum: '{ approver: 1 }' }))
  expect(await renewRequest(t.system, first.id)).toBe(true)
  const { items } = await listApprovals(priya, { state: 'open', versionId: first.version.id })
  const since = await readSinceRevision(priya, items[0]?.id ?? '')
  expect(since).toMatchObject({
    approvalId: first.id,
    revision: 1,
    state: 'superseded',
    changed: ['evidence', 'policy'],
  })
  expect(since?.subject.evidence).toHaveLength((items[0]?.subject.evidence.length ?? 0) - 1)
})

it('is not found from another workspace', async () => {
  const { id } = await site.open()
  const stranger = await (await t.workspace()).as('approver')
  await expect(readSinceRevision(stranger, id)).rejects.toMatchObject({ code: 'not-found' })
})
