import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestSystem } from '../../tests/support/system.ts'
import { reconcileRolloutRetention } from './reconcile-retention.ts'
import { rollBackRollout } from './roll-back-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { storySystem, tellStory, turnUntil } from './testing/story.ts'

const dayMs = 86_400_000
let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

async function observationsOf(rolloutId: string): Promise<number> {
  const rows = await t.system.db
    .selectFrom('rollout_observation')
    .select('id')
    .where('rollout_id', '=', rolloutId)
    .execute()
  return rows.length
}

async function started(): Promise<{ id: string; end(): Promise<void> }> {
  const story = await tellStory(t)
  const { endpointId, candidate: versionId, operator } = story
  const { id } = await startRollout(operator, { endpointId, versionId, reason: 'a better model' })
  await turnUntil(story, id, ['progressing'])
  const end = async () => {
    await rollBackRollout(operator, { rolloutId: id, reason: 'users complain' })
    await turnUntil(story, id, ['rolled-back'])
  }
  return { id, end }
}

it('forgets what was observed of a rollout when it has ended for as long as facts are kept, and never before', async () => {
  const [ended, running] = [await started(), await started()]
  await ended.end()
  const [seen, seenRunning] = [await observationsOf(ended.id), await observationsOf(running.id)]
  expect(Math.min(seen, seenRunning)).toBeGreaterThan(0)
  const { ended_at: endedAt } = await t.system.db
    .selectFrom('rollout')
    .select('ended_at')
    .where('id', '=', ended.id)
    .executeTakeFirstOrThrow()
  t.clock.advance(endedAt!.getTime() + t.system.config.factDays * dayMs - t.clock.now().getTime())
  expect(await reconcileRolloutRetention(t.system)).toBe(0)
  t.clock.advance(1)
  expect(await reconcileRolloutRetention(t.system)).toBe(seen)
  expect(await observationsOf(ended.id)).toBe(0)
  expect(await observationsOf(running.id)).toBe(seenRunning)
  const told = await t.system.db.selectFrom('audit_entry').select('id').where('resource_id', '=', ended.id).execute()
  expect(told.length).toBeGreaterThan(1)
  expect(await reconcileRolloutRetention(t.system)).toBe(0)
})
