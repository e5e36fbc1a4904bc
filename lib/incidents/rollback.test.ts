import { afterAll, beforeAll, expect, it } from 'vitest'
import { rollBackRollout } from '#lib/rollouts/roll-back-rollout.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import { storySystem, tellStory, turnUntil } from '#lib/rollouts/testing/story.ts'
import { createSlo } from '#lib/slos/create-slo.ts'
import { loadSloPolicies } from '#lib/slos/load-policies.ts'
import { reconcileSlos } from '#lib/slos/reconcile.ts'
import { addFacts } from '../../tests/support/serving.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { listIncidents, readIncident } from './reads.ts'
import { settle } from './testing/feed.ts'

let t: TestSystem

beforeAll(async () => {
  t = await storySystem()
  await loadSloPolicies()
})
afterAll(() => t.close())

it('a rollout that is really rolled back has one incident, mitigated when traffic and alias were read back', async () => {
  const story = await tellStory(t)
  const { operator, endpointId, candidate } = story
  const { id } = await startRollout(operator, { endpointId, versionId: candidate, reason: 'a better model' })
  await turnUntil(story, id, ['progressing'])
  await settle(t)
  expect((await listIncidents(operator)).items).toEqual([])
  t.clock.advance(1000)
  await rollBackRollout(operator, { rolloutId: id, reason: 'users complain' })
  await settle(t)
  expect((await listIncidents(operator)).items).toMatchObject([
    { state: 'open', kind: 'rollback', endpoint: { id: endpointId } },
  ])
  await turnUntil(story, id, ['rolled-back'])
  await settle(t)
  const { items } = await listIncidents(operator)
  expect(items).toMatchObject([
    { state: 'mitigated', rolloutId: id, title: expect.stringMatching(/^Rolled back and verified/) },
  ])
  const { timeline, changesBefore } = await readIncident(operator, items[0]!.id)
  expect(timeline.map((e) => e.kind).filter((kind) => kind !== 'entry')).toEqual(['opened', 'fired'])
  expect(timeline.filter((e) => e.kind === 'entry').length).toBeGreaterThan(2)
  expect(changesBefore.map((c) => c.action)).toContain('rollout:start')
})

it('an objective that really burns has one, resolved when it is met again', async () => {
  const { operator, ws, endpointId, stable: versionId } = await tellStory(t)
  await createSlo(operator, { endpointId, policy: 'demo', objective: 'availability' })
  const evaluate = async () => {
    t.clock.advance(10_000)
    await reconcileSlos(t.system, 'test')
    await settle(t)
  }
  const where = { workspaceId: ws.id, endpointId }
  await addFacts(t.system, where, [{ at: t.clock.now(), versionId, requests: 200, errors: 100 }])
  await evaluate()
  expect((await listIncidents(operator)).items).toMatchObject([{ state: 'open', kind: 'slo', severity: 'sev2' }])
  t.clock.advance(1_200_000)
  await addFacts(t.system, where, [{ at: t.clock.now(), versionId, requests: 200 }])
  await evaluate()
  expect((await listIncidents(operator)).items).toMatchObject([{ state: 'resolved', kind: 'slo' }])
})
