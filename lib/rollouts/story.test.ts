import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setServerState } from '#lib/platform/adapters/memory/cluster.ts'
import { tripInMemory } from '#lib/platform/adapters/memory/traffic.ts'
import { revokeApproval } from '#lib/approvals/revoke-approval.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { readRollout } from './reads.ts'
import { startRollout } from './start-rollout.ts'
import { serveSecond } from './testing/serve.ts'
import { storySystem } from './testing/story-system.ts'
import { aliasOf, entriesOf, percentAtPlane, stateOf, tellStory, turnsNow, turnUntil } from './testing/story.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

async function started(options: Parameters<typeof tellStory>[1] = {}) {
  const story = await tellStory(t, options)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  return { story, id }
}

describe('a rollout', () => {
  it('goes up step by step, is promoted, and records what serves', async () => {
    const { story, id } = await started({ guarded: true })
    const weights = new Set<number>()
    const everySecond = async () => {
      weights.add(percentAtPlane(story))
      await serveSecond(story)
    }
    await turnUntil(story, id, ['succeeded'], { everySecond })
    expect([...weights]).toEqual([0, 5, 25, 50])
    expect(t.plane.endpoints.get(story.endpointId)?.observed.weights).toContainEqual({
      versionId: story.candidate,
      percent: 100,
    })
    expect(await aliasOf(story)).toBe(story.candidate)
    const detail = await readRollout(story.operator, id)
    expect(detail.stepViews.map(({ weight, progress }) => [weight, progress])).toEqual([
      [5, 'passed'],
      [25, 'passed'],
      [50, 'passed'],
      [100, 'passed'],
    ])
    expect(detail.chain.promotion?.trafficVerifiedAt).not.toBeNull()
    const endpoint = await t.system.db
      .selectFrom('endpoint')
      .select(['stable_version_id', 'candidate_version_id'])
      .where('id', '=', story.endpointId)
      .executeTakeFirstOrThrow()
    expect(endpoint).toEqual({ stable_version_id: story.candidate, candidate_version_id: null })
    const phases = (await entriesOf(story, id)).map(
      ({ kind, after }) => `${kind} ${typeof after.phase === 'string' ? after.phase : ''}`,
    )
    expect(phases.slice(0, 3)).toEqual(['rollout:start ', 'rollout:advance intent', 'rollout:advance verified'])
    expect(phases.filter((phase) => phase === 'rollout:promote intent')).toHaveLength(1)
  })

  it('takes the replaced version away a minute after the promotion', async () => {
    const { story, id } = await started()
    await turnUntil(story, id, ['succeeded'], { everySecond: () => serveSecond(story) })
    const isThere = () => t.servers.servers.has(`${story.endpointId}/${story.stable}`)
    expect(isThere()).toBe(true)
    t.clock.advance(61_000)
    await turnsNow(t.system)
    expect(isThere()).toBe(false)
    expect(await stateOf(story, id)).toBe('succeeded')
  })

  it('is rolled back and verified when errors rise', async () => {
    const { story, id } = await started({ guarded: true })
    const everySecond = () => serveSecond(story, { candidate: { errors: 0.2 } })
    await turnUntil(story, id, ['rolled-back'], { everySecond })
    expect(percentAtPlane(story)).toBe(0)
    expect(await aliasOf(story)).toBe(story.stable)
    expect(t.servers.servers.has(`${story.endpointId}/${story.candidate}`)).toBe(false)
    const detail = await readRollout(story.operator, id)
    expect(detail).toMatchObject({ state: 'rolled-back', rollbackBy: 'machine' })
    const { rollback } = detail.chain
    expect(rollback?.because).toMatch(/^error-rate: candidate - stable lies in/)
    const times = [rollback?.decidedAt, rollback?.intentAt, rollback?.trafficAppliedAt, rollback?.trafficVerifiedAt]
    expect(times.every((time) => typeof time === 'string')).toBe(true)
    expect(times).toEqual(times.toSorted((a = '', b = '') => a?.localeCompare(b ?? '') ?? 0))
    expect(rollback?.verifiedGeneration).toBe(t.plane.endpoints.get(story.endpointId)?.observed.generation)
    const kinds = (await entriesOf(story, id)).map(({ after }) => after.phase)
    expect(kinds.filter((phase) => phase === 'intent')).toHaveLength(2)
    expect(kinds.slice(-7)).toEqual(['intent', 'verified', 'applied', 'verified', 'applied', 'verified', 'applied'])
  })

  it('is rolled back when the candidate is not ready for long, and waits until then', async () => {
    const { story, id } = await started()
    await turnUntil(story, id, ['progressing'])
    await turnsNow(t.system)
    setServerState(t.servers, { endpointId: story.endpointId, versionId: story.candidate }, 'crashed', 0)
    t.clock.advance(10_000)
    await turnsNow(t.system)
    expect(await stateOf(story, id)).toBe('progressing')
    await turnUntil(story, id, ['rolled-back'], { secondsMax: 60 })
    expect((await readRollout(story.operator, id)).chain.rollback?.because).toMatch(/has not been ready for 15 s/)
  })

  it("is rolled back when the data plane's breaker tripped, and the trip is cleared with it", async () => {
    const { story, id } = await started()
    await turnUntil(story, id, ['progressing'])
    await turnsNow(t.system)
    tripInMemory(t.plane, story.endpointId, story.candidate, t.clock.now().getTime())
    await turnUntil(story, id, ['rolled-back'])
    expect(t.plane.endpoints.get(story.endpointId)?.observed).toMatchObject({ breaker: null })
    expect((await readRollout(story.operator, id)).chain.rollback?.because).toMatch(/breaker took the candidate out/)
  })

  it('is rolled back when its approval is revoked half way', async () => {
    const { story, id } = await started({ guarded: true })
    await turnUntil(story, id, ['progressing'])
    await turnsNow(t.system)
    const approvalId = story.approvalIds[1] ?? ''
    await revokeApproval(await story.ws.as('approver', 'ann'), { approvalId, reason: 'a leak in the data' })
    await turnUntil(story, id, ['rolled-back'])
    expect(await aliasOf(story)).toBe(story.stable)
  })
})
