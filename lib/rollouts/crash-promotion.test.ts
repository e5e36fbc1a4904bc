import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { begun, crashHarness, killAtEach, outcomeOf, park, type CrashHarness } from './testing/crash.ts'
import { promoteRollout } from './promote-rollout.ts'

let h: CrashHarness
beforeAll(async () => {
  h = await crashHarness()
})
afterAll(() => h.close())

describe('a process that is killed at every statement and port call', () => {
  it('on the way to promotion: one promotion, in order, whole and verified', { timeout: 600_000 }, async () => {
    const { story, id } = await begun(h, {})
    await promoteRollout(story.operator, { rolloutId: id, reason: 'go on', to: 'all' })
    await park(h, id)
    const points = await killAtEach(h, story, id, 'succeeded')
    expect(points.length).toBeGreaterThan(100)
    const chain = ['preflight', 'set-weights', 'read-weights', 'set-alias', 'read-alias']
    const expected = { state: 'succeeded', candidatePercent: 100, candidatePercentMax: 100, alias: 'candidate', chain }
    for (const [n, point] of points.entries()) expect([n + 1, await outcomeOf(h, point)]).toEqual([n + 1, expected])
  })
})
