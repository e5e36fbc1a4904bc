import { afterAll, beforeAll, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { currentApprovalPolicies, currentPolicySources } from './load-policies.ts'
import { readApproval } from './reads.ts'
import { whatIf } from './reads-what-if.ts'
import { policyText, putInForce } from './testing/in-force.ts'
import { approvalSite } from './testing/request.ts'

let t: TestSystem
let site: Awaited<ReturnType<typeof approvalSite>>
let ids: { approved: string; rejected: string; open: string }
beforeAll(async () => {
  t = await testSystem()
  const ws = await t.workspace()
  site = await approvalSite(t.system, ws)
  await putInForce(policyText('two'))
  const [priya, tomas] = [await ws.as('approver', 'priya'), await ws.as('approver', 'tomas')]
  const ask = async () => site.ask((await site.submit()).id)
  const [a, b, c] = [await ask(), await ask(), await ask()]
  await site.vote(priya, a)
  await site.vote(tomas, a)
  await site.vote(priya, b, 'reject')
  await site.vote(priya, c)
  ids = { approved: a.id, rejected: b.id, open: c.id }
})
afterAll(() => t.close())

const ask = (policies: string) => whatIf(site.dana, { policies })

it('says nothing of the same policy', async () => {
  expect(await ask(policyText('two'))).toMatchObject({ replayed: 3, otherwise: [] })
})

it('tells which would have been decided otherwise, and why; and changes nothing', async () => {
  expect((await ask(policyText('one', { quorum: '{ approver: 1 }' }))).otherwise).toMatchObject([
    { approvalId: ids.open, was: 'undecided', would: 'approved', because: 'Quorum reached: 1 of 1 approver.' },
  ])
  expect((await ask(policyText('three', { quorum: '{ approver: 3 }' }))).otherwise).toMatchObject([
    { approvalId: ids.approved, was: 'approved', would: 'undecided', because: 'Waiting: 2 of 3 approvers.' },
  ])
  const stricter = policyText('better', { evidence: '[{ kind: evaluation, require: evidence.metrics.auc >= 0.95 }]' })
  const { otherwise } = await ask(stricter)
  expect(otherwise.map((o) => o.would)).toEqual(['refused', 'refused', 'refused'])
  expect(otherwise[0]?.because).toContain('evidence.metrics.auc >= 0.95 does not hold')
  expect(await readApproval(site.dana, ids.approved)).toMatchObject({ state: 'approved' })
})

it('takes several policies in their order, and tells the line of a mistake', async () => {
  const text = `${policyText('high', { when: 'model.risk == "high"', quorum: '{ approver: 5 }' })}---\n${policyText('rest')}`
  expect(await ask(text)).toMatchObject({ policies: [{ name: 'high' }, { name: 'rest' }], otherwise: [] })
  await expect(ask(policyText('odd', { quorum: '{ approver: two }' }))).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('line 5: quorum.approver') as string,
  })
  const stranger = await (await t.workspace()).as('viewer')
  expect(await whatIf(stranger, { policies: policyText('two') })).toMatchObject({ replayed: 0 })
})

it('starts from the files in force: their texts together say nothing of themselves', async () => {
  await putInForce(policyText('high', { when: 'model.risk == "high"' }), `# why\n${policyText('two')}`)
  const sources = currentPolicySources()
  expect(sources.map(({ name, file }) => [name, file])).toEqual([
    ['high', '000.yaml'],
    ['two', '001.yaml'],
  ])
  const { policies, otherwise } = await ask(sources.map(({ text }) => text).join('---\n'))
  expect(otherwise).toEqual([])
  expect(policies.map(({ digest }) => digest)).toEqual(currentApprovalPolicies().map(({ digest }) => digest))
})
