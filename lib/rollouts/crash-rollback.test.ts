import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { begun, crashHarness, killAtEach, outcomeOf, type CrashHarness } from './testing/crash.ts'

let h: CrashHarness
beforeAll(async () => {
  h = await crashHarness()
})
afterAll(() => h.close())

describe('a process that is killed at every statement and port call', () => {
  it('on the way back: one rollback, in order, whole and verified', { timeout: 600_000 }, async () => {
    const { story, id } = await begun(h, { errors: 0.2 })
    const points = await killAtEach(h, story, id, 'rolled-back')
    expect(points.length).toBeGreaterThan(100)
    const expected = {
      state: 'rolled-back',
      candidatePercent: 0,
      candidatePercentMax: 0,
      alias: 'stable',
      chain: ['intent', 'preflight', 'set-weights', 'read-weights', 'set-alias', 'read-alias', 'scale-down'],
    }
    for (const [n, point] of points.entries()) expect([n + 1, await outcomeOf(h, point)]).toEqual([n + 1, expected])
  })
})
