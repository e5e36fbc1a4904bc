import { describe, expect, it } from 'vitest'
import type { PlanChain } from '#lib/rollouts/model.ts'
import { reachedOf, stagesOf, verifiedAfterMs } from './chain.ts'

const chain: PlanChain = {
  by: 'machine',
  because: 'accuracy: all of the interval is < 0.75',
  decidedAt: '2026-01-01T00:00:00.000Z',
  intentAt: '2026-01-01T00:00:00.080Z',
  trafficAppliedAt: '2026-01-01T00:00:00.200Z',
  trafficVerifiedAt: null,
  verifiedGeneration: null,
  aliasVerifiedAt: null,
  endedAt: null,
  toldUnverifiedAt: null,
  outcomes: [],
}
const verified: PlanChain = {
  ...chain,
  trafficVerifiedAt: '2026-01-01T00:00:00.300Z',
  aliasVerifiedAt: '2026-01-01T00:00:00.450Z',
}

describe('the stages of a rollback', () => {
  it('are requested, applied and verified apart, each with its own time', () => {
    const stages = stagesOf(chain, 'rollback')
    expect(stages.map(({ kind }) => kind)).toEqual(['decided', 'requested', 'applied', 'verified', 'verified', 'ended'])
    expect(stages.map(({ afterMs }) => afterMs)).toEqual([null, 80, 120, null, null, null])
    expect(stages[3]?.atMs).toBeNull()
  })
  it('name what began it', () => {
    expect(stagesOf(chain, 'rollback')[0]?.label).toBe('Breach seen')
    expect(stagesOf({ ...chain, by: 'person' }, 'rollback')[0]?.label).toBe('Asked by a person')
    expect(stagesOf(chain, 'promotion')[0]?.label).toBe('Last step passed')
  })
  it('count the time from the last stage that was reached, over one that was not', () => {
    const skipped = { ...verified, trafficAppliedAt: null }
    expect(stagesOf(skipped, 'rollback').find(({ id }) => id === 'traffic')?.afterMs).toBe(220)
  })
})

describe('how far a chain has come', () => {
  it('is nothing without a chain', () => {
    expect(reachedOf(null)).toEqual({ requestedAtMs: null, appliedAtMs: null, verifiedAtMs: null })
  })
  it('is applied before it is verified', () => {
    const reached = reachedOf(chain)
    expect(reached.appliedAtMs).toBe(Date.parse('2026-01-01T00:00:00.200Z'))
    expect(reached.verifiedAtMs).toBeNull()
  })
  it('is verified only when traffic and alias were both read back', () => {
    expect(reachedOf({ ...verified, aliasVerifiedAt: null }).verifiedAtMs).toBeNull()
    expect(reachedOf(verified).verifiedAtMs).toBe(Date.parse('2026-01-01T00:00:00.450Z'))
  })
  it('times the traffic from the decision', () => {
    expect(verifiedAfterMs(chain)).toBeNull()
    expect(verifiedAfterMs(verified)).toBe(300)
  })
})
