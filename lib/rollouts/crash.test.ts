import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '#lib/platform/db/connect.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { startRollout } from './start-rollout.ts'
import { promoteRollout } from './promote-rollout.ts'
import { reconcileRollouts } from './reconcile.ts'
import { cloneStory, type ClonedStory } from './testing/clone-story.ts'
import { mortalSystem } from './testing/mortal-system.ts'
import { serveSecond } from './testing/serve.ts'
import { storySystem } from './testing/story-system.ts'
import {
  aliasOf,
  entriesOf,
  percentAtPlane,
  stateOf,
  tellStory,
  turnsNow,
  turnUntil,
  type Story,
} from './testing/story.ts'

let t: TestSystem
let owner: pg.Pool
beforeAll(async () => {
  t = await storySystem()
  owner = openPool({ url: t.databaseUrl, role: 'owner', max: 2, applicationName: 'crash', onError: () => undefined })
})
afterAll(async () => {
  await owner.end()
  await t.close()
})

const far = '2999-01-01T00:00:00Z'
const leaseMs = 31_000

/** A rollout at its first step, with telemetry for the next decision; nothing is due until it is cloned. */
async function begun(candidate: { errors?: number }): Promise<{ story: Story; id: string }> {
  // The copies of an earlier path are over; their endpoints are of no interest any more.
  await owner.query('update endpoint set due_at = $1', [far])
  const story = await tellStory(t)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  await turnUntil(story, id, ['progressing'])
  await turnsNow(t.system)
  t.clock.advance(20_000)
  await serveSecond(story, { candidate })
  await park(id)
  return { story, id }
}

async function park(id: string): Promise<void> {
  await owner.query('update rollout set due_at = $2 where id = $1', [id, far])
}

async function due(ids: readonly string[]): Promise<void> {
  await owner.query('update rollout set due_at = $2 where id = any($1)', [ids, t.clock.now()])
}

/** Turns of a process that dies before its n-th call. True when it died; false when it came to the end of the path. */
async function runUntilDeath(story: ClonedStory, end: string, diesBefore: number | null) {
  const mortal = mortalSystem(t, diesBefore)
  try {
    for (let turn = 0; turn < 40 && !mortal.isDead(); turn += 1) {
      const worked = await reconcileRollouts(mortal.system, 'mortal').catch(() => 0)
      if (mortal.isDead() || (await stateOf(story, story.rolloutId)) === end) break
      // The server that was replaced or taken back is kept for a while: time goes on to its end.
      if (worked === 0) t.clock.advance(11_000)
    }
    return { died: mortal.isDead(), calls: mortal.calls }
  } finally {
    await mortal.bury()
  }
}

/** Kills a process at every call of the path, and lets another one bring all of them to their end. */
async function killAtEach(story: Story, id: string, end: 'rolled-back' | 'succeeded'): Promise<ClonedStory[]> {
  const counting = await cloned(story, id)
  const whole = await runUntilDeath(counting, end, null)
  expect(await stateOf(counting, counting.rolloutId)).toBe(end)
  await park(counting.rolloutId)
  const points: ClonedStory[] = []
  for (let n = 1; n <= whole.calls.length; n += 1) {
    const point = await cloned(story, id)
    await runUntilDeath(point, end, n)
    await park(point.rolloutId)
    points.push(point)
  }
  await recover(points, end)
  return points
}

async function cloned(story: Story, id: string): Promise<ClonedStory> {
  const clone = await cloneStory(owner, story, id)
  await due([clone.rolloutId])
  return clone
}

async function recover(points: ClonedStory[], end: string): Promise<void> {
  const ids = points.map(({ rolloutId }) => rolloutId)
  t.clock.advance(leaseMs)
  for (let round = 0; round < 20; round += 1) {
    await due(ids)
    let worked = 1
    for (let turn = 0; turn < 5_000 && worked > 0; turn += 1) worked = await reconcileRollouts(t.system, 'heir')
    t.clock.advance(11_000)
    const query = t.system.db
      .selectFrom('rollout')
      .select('id')
      .where('id', 'in', ids)
      .where('state', '<>', end as 'failed')
    if ((await query.execute()).length === 0) return
  }
}

async function outcomeOf(point: ClonedStory) {
  const entries = await entriesOf(point, point.rolloutId)
  const plan = entries.filter(({ kind }) => kind === 'rollout:roll-back' || kind === 'rollout:promote')
  return {
    state: await stateOf(point, point.rolloutId),
    candidatePercent: percentAtPlane(point),
    alias: (await aliasOf(point)) === point.stable ? 'stable' : 'candidate',
    chain: plan.map(({ after }) => (after.phase === 'intent' ? 'intent' : String(after.key).replace(/^.*\/\d+-/, ''))),
  }
}

describe('a process that is killed at every statement and port call', () => {
  it('on the way back: one rollback, in order, whole and verified', { timeout: 600_000 }, async () => {
    const { story, id } = await begun({ errors: 0.2 })
    const points = await killAtEach(story, id, 'rolled-back')
    expect(points.length).toBeGreaterThan(100)
    const expected = {
      state: 'rolled-back',
      candidatePercent: 0,
      alias: 'stable',
      chain: ['intent', 'preflight', 'set-weights', 'read-weights', 'set-alias', 'read-alias', 'scale-down'],
    }
    for (const [n, point] of points.entries()) expect([n + 1, await outcomeOf(point)]).toEqual([n + 1, expected])
  })

  it('on the way to promotion: one promotion, in order, whole and verified', { timeout: 600_000 }, async () => {
    const { story, id } = await begun({})
    await promoteRollout(story.operator, { rolloutId: id, reason: 'go on', to: 'all' })
    await park(id)
    const points = await killAtEach(story, id, 'succeeded')
    expect(points.length).toBeGreaterThan(100)
    const chain = ['preflight', 'set-weights', 'read-weights', 'set-alias', 'read-alias']
    const expected = { state: 'succeeded', candidatePercent: 100, alias: 'candidate', chain }
    for (const [n, point] of points.entries()) expect([n + 1, await outcomeOf(point)]).toEqual([n + 1, expected])
  })
})
