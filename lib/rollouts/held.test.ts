import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tripInMemory } from '#lib/platform/adapters/memory/traffic.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { TrafficPort } from '#lib/platform/ports/traffic.ts'
import { emptyQuality } from '#lib/quality/fold.ts'
import { addQualityFacts } from '#lib/quality/queries.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { holdRollout } from './hold-rollout.ts'
import { promoteRollout } from './promote-rollout.ts'
import { selectRollout } from './queries.ts'
import { selectLastObservation } from './queries-observations.ts'
import { reconcileRollouts } from './reconcile.ts'
import { resumeRollout } from './resume-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { editTraffic } from './testing/edit-traffic.ts'
import { serveSecond } from './testing/serve.ts'
import { storySystem } from './testing/story-system.ts'
import { aliasOf, percentAtPlane, stateOf, tellStory, turnsNow, turnUntil, type Story } from './testing/story.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

const steered = (rolloutId: string) => ({ rolloutId, reason: 'I looked at it' })

async function begun() {
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

/** A promotion whose next step is of this kind. */
async function promotingAt(kind: 'set-weights' | 'read-weights' | 'set-alias') {
  const { story, id } = await progressing()
  await promoteRollout(story.operator, steered(id))
  for (let turn = 0; turn < 10; turn += 1) {
    const row = await selectRollout(t.system.db, id)
    if (row?.plan?.steps[row.planStep]?.action.kind === kind) return { story, id }
    await reconcileRollouts(t.system, 'test')
  }
  throw new Error(`the promotion has no step ${kind}`)
}

const breakerOf = ({ endpointId }: Story) => t.plane.endpoints.get(endpointId)?.observed.breaker ?? null

/** The system, at whose second read of the traffic the data plane has just gone to stable by itself. */
function trippingAtSecondRead({ endpointId, candidate }: Story): System {
  const { traffic } = t.system.ports
  let reads = 0
  const port = (cluster: string): TrafficPort => ({
    ...traffic(cluster),
    read: (id) => {
      reads += 1
      if (reads === 2) tripInMemory(t.plane, endpointId, candidate, t.clock.now().getTime())
      return traffic(cluster).read(id)
    },
  })
  return { ...t.system, ports: { ...t.system.ports, traffic: port } }
}

describe('a hold between the intent of a step and its read-back', () => {
  it('leaves a step that serves, so it is read back and judged all the same', async () => {
    const { story, id } = await begun()
    for (let turn = 0; turn < 20 && percentAtPlane(story) === 0; turn += 1) {
      await reconcileRollouts(t.system, 'test')
      t.clock.advance(300)
    }
    expect((await selectRollout(t.system.db, id))?.stepStartedAt).toBeNull()
    await holdRollout(story.operator, steered(id))
    await turnsNow(t.system)
    expect(await stateOf(story, id)).toBe('held')
    expect((await selectRollout(t.system.db, id))?.stepStartedAt).not.toBeNull()
    const everySecond = () => serveSecond(story, { candidate: { errors: 0.3 } })
    await turnUntil(story, id, ['rolled-back'], { everySecond, secondsMax: 60 })
    expect(percentAtPlane(story)).toBe(0)
  })

  it('takes nothing for read back that is not as intended', async () => {
    const { story, id } = await begun()
    for (let turn = 0; turn < 20 && percentAtPlane(story) === 0; turn += 1) {
      await reconcileRollouts(t.system, 'test')
      t.clock.advance(300)
    }
    await holdRollout(story.operator, steered(id))
    await editTraffic(story, 40)
    await turnsNow(t.system)
    expect((await selectRollout(t.system.db, id))?.stepStartedAt).toBeNull()
  })
})

describe('a promotion that was held half way', () => {
  it("writes its weights again over somebody else's when a person resumes", async () => {
    const { story, id } = await promotingAt('read-weights')
    await editTraffic(story, 40)
    await turnsNow(t.system)
    expect(await stateOf(story, id)).toBe('held')
    expect(percentAtPlane(story)).toBe(40)
    await resumeRollout(story.operator, steered(id))
    await turnUntil(story, id, ['succeeded'], { secondsMax: 30 })
    expect(percentAtPlane(story)).toBe(100)
    expect(await aliasOf(story)).toBe(story.candidate)
  })

  it('gives the candidate its traffic again after a trip that a person let go, before the alias moves', async () => {
    const { story, id } = await promotingAt('set-alias')
    tripInMemory(t.plane, story.endpointId, story.candidate, t.clock.now().getTime())
    await turnsNow(t.system)
    expect(await stateOf(story, id)).toBe('held')
    await resumeRollout(story.operator, steered(id))
    await turnUntil(story, id, ['succeeded'], { secondsMax: 30 })
    expect([percentAtPlane(story), breakerOf(story)]).toEqual([100, null])
  })

  it('holds at a trip that nobody let go, also when it latched in this very turn', async () => {
    const { story, id } = await promotingAt('set-weights')
    await holdRollout(story.operator, steered(id))
    await resumeRollout(story.operator, steered(id))
    await reconcileRollouts(trippingAtSecondRead(story), 'test')
    expect(await stateOf(story, id)).toBe('held')
    expect([percentAtPlane(story), breakerOf(story)]).toEqual([0, expect.objectContaining({})])
    await turnsNow(t.system)
    await resumeRollout(story.operator, steered(id))
    await turnUntil(story, id, ['succeeded'], { secondsMax: 30 })
    expect(breakerOf(story)).toBeNull()
  })
})

describe('what is observed', () => {
  it('is stored rarely while held, and at once when the outside changes', async () => {
    const { story, id } = await progressing()
    await holdRollout(story.operator, steered(id))
    await turnsNow(t.system)
    const count = async () => {
      const query = t.system.db.selectFrom('rollout_observation').select('id').where('rollout_id', '=', id)
      return (await query.execute()).length
    }
    const before = await count()
    for (let second = 0; second < 120; second += 5) {
      t.clock.advance(5_000)
      await turnsNow(t.system)
    }
    expect(await count()).toBe(before)
    t.clock.advance(181_000)
    await turnsNow(t.system)
    expect(await count()).toBe(before + 1)
    await editTraffic(story, 40)
    t.clock.advance(1_000)
    await turnsNow(t.system)
    await editTraffic(story, 30)
    t.clock.advance(1_000)
    await turnsNow(t.system)
    expect(await count()).toBe(before + 3)
  })

  it('has the delay of labels over all generations, also before the first label of the step', async () => {
    const story = await tellStory(t)
    const { endpointId, stable: versionId, candidate } = story
    const windowAtMs = Math.floor(t.clock.now().getTime() / 86_400_000) * 86_400_000
    const key = { workspaceId: story.ws.id, endpointId, versionId, generation: 1, windowAtMs }
    const counts = { ...emptyQuality(), labelled: 10, correct: 9, delaySecondsSum: 6_000 }
    await housekeep(t.system, 'telemetry-fold', (tx) => addQualityFacts(tx, [{ ...key, counts }]))
    const input = { endpointId, versionId: candidate, reason: 'the new one' }
    const { id } = await startRollout(story.operator, input)
    await turnUntil(story, id, ['progressing'])
    await turnsNow(t.system)
    t.clock.advance(11_000)
    await turnsNow(t.system)
    const seen = await selectLastObservation(t.system.db, id)
    expect(seen?.stepGeneration).toBeGreaterThan(1)
    expect(seen?.metrics.find(({ name }) => name === 'accuracy')?.labelDelaySeconds).toBe(600)
  })
})
