import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestSystem } from '../../tests/support/system.ts'
import { holdRollout } from './hold-rollout.ts'
import type { RolloutState } from './observation.ts'
import { promoteRollout } from './promote-rollout.ts'
import { readRollout } from './reads.ts'
import { reconcileRollouts } from './reconcile.ts'
import { resumeRollout } from './resume-rollout.ts'
import { rollBackRollout } from './roll-back-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { editTraffic } from './testing/edit-traffic.ts'
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
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

async function begun(): Promise<{ story: Story; id: string }> {
  const story = await tellStory(t)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  return { story, id }
}

async function progressing() {
  const { story, id } = await begun()
  await turnUntil(story, id, ['progressing'])
  await turnsNow(t.system)
  return { story, id }
}

const steered = (rolloutId: string) => ({ rolloutId, reason: 'I looked at it' })

describe('faults of the outside', () => {
  it("holds at somebody else's change, names them, and goes on with its own weights when a person resumes", async () => {
    const { story, id } = await progressing()
    await editTraffic(story, 40)
    t.clock.advance(1_000)
    await turnsNow(t.system)
    const held = await readRollout(story.operator, id)
    expect(held).toMatchObject({ state: 'held', weight: 5 })
    expect(held.heldBecause).toBe('argocd changed the endpoint: the candidate has 40 %, intended are 5 %')
    expect(percentAtPlane(story)).toBe(40)
    await resumeRollout(story.operator, steered(id))
    await turnsNow(t.system)
    expect(await stateOf(story, id)).toBe('progressing')
    expect(percentAtPlane(story)).toBe(5)
    await turnUntil(story, id, ['succeeded'], { everySecond: () => serveSecond(story) })
  })

  it('asks for the rollback for as long as the data plane is away, tells it once, and verifies when it is back', async () => {
    const { story, id } = await progressing()
    t.plane.up = false
    await rollBackRollout(story.operator, steered(id))
    for (let minute = 0; minute < 5; minute += 1) {
      await turnsNow(t.system)
      t.clock.advance(60_000)
    }
    expect(await readRollout(story.operator, id)).toMatchObject({ state: 'rolling-back' })
    const told = (await entriesOf(story, id)).filter(({ after }) => after.phase === 'not-verified')
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ outcome: 'found', kind: 'rollout:roll-back' })
    expect(told[0]?.because).toMatch(/^Rollback requested, not verified: the data plane does not answer/)
    expect(percentAtPlane(story)).toBe(5)
    t.plane.up = true
    await turnUntil(story, id, ['rolled-back'])
    expect(percentAtPlane(story)).toBe(0)
  })

  it('starts the version to go back to when it was scaled in, before any traffic moves', async () => {
    const { story, id } = await progressing()
    t.servers.servers.delete(`${story.endpointId}/${story.stable}`)
    await serveSecond(story, { candidate: { errors: 0.5 } })
    t.clock.advance(2_000)
    await serveSecond(story, { candidate: { errors: 0.5 } })
    t.clock.advance(10_000)
    await serveSecond(story, { candidate: { errors: 0.5 } })
    await turnUntil(story, id, ['rolled-back'])
    const steps = (await readRollout(story.operator, id)).plan?.steps.map(({ action }) => action.kind)
    expect(steps?.slice(0, 3)).toEqual(['scale-up', 'preflight', 'set-weights'])
  })
})

describe('a person', () => {
  const states: readonly { name: RolloutState; reach: (story: Story, id: string) => Promise<unknown> }[] = [
    { name: 'pending', reach: () => Promise.resolve() },
    { name: 'progressing', reach: (story, id) => turnUntil(story, id, ['progressing']) },
    { name: 'held', reach: (story, id) => holdRollout(story.operator, steered(id)) },
    {
      name: 'promoting',
      reach: async (story, id) => {
        await turnUntil(story, id, ['progressing'])
        await turnsNow(t.system)
        await promoteRollout(story.operator, steered(id))
        for (let turn = 0; turn < 3; turn += 1) await reconcileRollouts(t.system, 'test')
      },
    },
    {
      name: 'succeeded',
      reach: (story, id) => turnUntil(story, id, ['succeeded'], { everySecond: () => serveSecond(story) }),
    },
  ]
  for (const { name, reach } of states) {
    it(`takes a rollout back that is ${name}`, async () => {
      const { story, id } = await begun()
      await reach(story, id)
      expect(await stateOf(story, id)).toBe(name)
      await rollBackRollout(story.operator, steered(id))
      await turnUntil(story, id, ['rolled-back'])
      expect(percentAtPlane(story)).toBe(0)
      expect(await aliasOf(story)).toBe(story.stable)
      expect(await readRollout(story.operator, id)).toMatchObject({ rollbackBy: 'person', state: 'rolled-back' })
      const query = t.system.db.selectFrom('model_serving').select('version_id').where('until', 'is', null)
      const serving = await query.where('endpoint_id', '=', story.endpointId).execute()
      expect(serving).toEqual([{ version_id: story.stable }])
    })
  }

  it('holds and resumes, and the candidate keeps what it had meanwhile', async () => {
    const { story, id } = await progressing()
    await holdRollout(story.operator, steered(id))
    for (let second = 0; second < 60; second += 1) {
      await serveSecond(story)
      t.clock.advance(1_000)
      await turnsNow(t.system)
    }
    expect(await stateOf(story, id)).toBe('held')
    expect(percentAtPlane(story)).toBe(5)
    await resumeRollout(story.operator, steered(id))
    await turnUntil(story, id, ['succeeded'], { everySecond: () => serveSecond(story) })
  })
})

describe('two workers', () => {
  it('race on the same rollout and leave one story', async () => {
    const { story, id } = await begun()
    const other = mortalSystem(t, null)
    try {
      for (let second = 0; second < 120 && (await stateOf(story, id)) !== 'rolled-back'; second += 1) {
        await serveSecond(story, { candidate: { errors: second > 15 ? 0.4 : 0.005 } })
        for (let turn = 0; turn < 4; turn += 1) {
          await Promise.all([reconcileRollouts(t.system, 'one'), reconcileRollouts(other.system, 'two')])
        }
        t.clock.advance(1_000)
      }
    } finally {
      await other.bury()
    }
    expect(await stateOf(story, id)).toBe('rolled-back')
    expect(percentAtPlane(story)).toBe(0)
    const entries = await entriesOf(story, id)
    const intents = entries.filter(({ kind, after }) => kind === 'rollout:roll-back' && after.phase === 'intent')
    expect(intents).toHaveLength(1)
    const keys = entries.flatMap(({ kind, after }) => (kind === 'rollout:roll-back' && after.key ? [after.key] : []))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('cannot raise a weight with what one of them knew before the rollback', async () => {
    const { story, id } = await progressing()
    const before = t.plane.endpoints.get(story.endpointId)?.observed
    const { traffic_fence: stale } = await t.system.db
      .selectFrom('endpoint')
      .select('traffic_fence')
      .where('id', '=', story.endpointId)
      .executeTakeFirstOrThrow()
    await rollBackRollout(story.operator, steered(id))
    await turnUntil(story, id, ['rolled-back'])
    const port = t.system.ports.traffic('local')
    const weights = [
      { versionId: story.stable, percent: 75 },
      { versionId: story.candidate, percent: 25 },
    ]
    const change = { endpointId: story.endpointId, weights, manager: 'quarterdeck', fence: Number(stale) }
    const late = await port.write({ ...change, expectResourceVersion: before?.resourceVersion ?? null })
    expect(late.kind).toBe('stale-fence')
    expect(percentAtPlane(story)).toBe(0)
  })
})
