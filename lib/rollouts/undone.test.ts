import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { System } from '#lib/platform/context.ts'
import type { TrafficPort } from '#lib/platform/ports/traffic.ts'
import type { TestSystem } from '../../tests/support/system.ts'
import { reconcileRollouts } from './reconcile.ts'
import { rollBackRollout } from './roll-back-rollout.ts'
import { startRollout } from './start-rollout.ts'
import { editTraffic } from './testing/edit-traffic.ts'
import { storySystem } from './testing/story-system.ts'
import { entriesOf, percentAtPlane, stateOf, tellStory, turnsNow, turnUntil, type Story } from './testing/story.ts'

let t: TestSystem
beforeAll(async () => {
  t = await storySystem()
})
afterAll(() => t.close())

async function progressing() {
  const story = await tellStory(t)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'the new one' })
  await turnUntil(story, id, ['progressing'])
  await turnsNow(t.system)
  return { story, id }
}

/** The system, whose traffic port does something beside what it was asked for. */
function withTraffic(change: (port: TrafficPort) => Partial<TrafficPort>): System {
  const { traffic } = t.system.ports
  const port = (cluster: string): TrafficPort => ({ ...traffic(cluster), ...change(traffic(cluster)) })
  return { ...t.system, ports: { ...t.system.ports, traffic: port } }
}

/** Each of our writes is undone at once by somebody else. */
function undoing(story: Story, candidatePercent: number): System {
  return withTraffic((port) => ({
    write: async (change) => {
      const result = await port.write(change)
      await editTraffic(story, candidatePercent)
      return result
    },
  }))
}

const steered = (rolloutId: string) => ({ rolloutId, reason: 'I looked at it' })

describe('a rollback that somebody else undoes again and again', () => {
  it('is tried ever more slowly, told once as not verified, and ends when they stop', async () => {
    const { story, id } = await progressing()
    const system = undoing(story, 5)
    await rollBackRollout(story.operator, steered(id))
    for (let second = 0; second < 300; second += 1) {
      for (let turn = 0; turn < 20; turn += 1) if ((await reconcileRollouts(system, 'test')) === 0) break
      t.clock.advance(1_000)
    }
    expect(await stateOf(story, id)).toBe('rolling-back')
    const entries = (await entriesOf(story, id)).filter(({ kind }) => kind === 'rollout:roll-back')
    const told = entries.filter(({ after }) => after.phase === 'not-verified')
    expect(told.map(({ because }) => because)).toEqual([
      expect.stringMatching(/^Rollback requested, not verified: the weights read back are /),
    ])
    const repeats = entries.filter(
      ({ outcome, because }) => outcome === 'found' && because.startsWith('the weights read'),
    )
    expect(repeats.length).toBeGreaterThan(5)
    expect(repeats.length).toBeLessThan(25)
    await turnUntil(story, id, ['rolled-back'])
    expect(percentAtPlane(story)).toBe(0)
  })
})
