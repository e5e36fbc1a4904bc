import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planSchema, promotionPlan, rollbackPlan } from './plan.ts'
import type { Plan, PlanInput, PlanResult } from './plan.ts'

const input: PlanInput = {
  rolloutId: 'ro_1',
  endpointId: 'ep_1',
  fence: 7,
  policyDigest: `sha256:${'c'.repeat(64)}`,
  candidate: { versionId: 'mv_2', digest: `sha256:${'b'.repeat(64)}` },
  stable: { versionId: 'mv_1', digest: `sha256:${'a'.repeat(64)}` },
  stableApproval: 'valid',
  candidateApproval: 'valid',
  candidatePercent: 25,
  replicas: { stable: { ready: 4, desired: 4 }, candidate: { ready: 4, desired: 4 }, needed: 4 },
  alias: { model: 'delays', name: 'champion', versionId: 'mv_1' },
  scaleDownAfterSeconds: 30,
}

function planOf(result: PlanResult): Plan {
  if (!result.ok) throw new Error(result.because)
  return planSchema.parse(JSON.parse(JSON.stringify(result.plan)))
}

/** The candidate's percent after each write, in order. */
function candidatePercents(plan: Plan): number[] {
  return plan.steps.flatMap(({ action }) =>
    action.kind === 'set-weights'
      ? action.weights.filter(({ versionId }) => versionId === 'mv_2').map((w) => w.percent)
      : [],
  )
}

const weights = (candidatePercent: number): { versionId: string; percent: number }[] => [
  { versionId: 'mv_1', percent: 100 - candidatePercent },
  { versionId: 'mv_2', percent: candidatePercent },
]

describe('rollbackPlan', () => {
  it('is traffic, read back, alias, read back, scale-down, with all expected values', () => {
    const plan = planOf(rollbackPlan({ ...input, alias: { ...input.alias, versionId: 'mv_2' } }))
    expect(plan.steps.map(({ action }) => action)).toEqual([
      { kind: 'preflight', version: input.stable, readyReplicasMin: 4 },
      { kind: 'set-weights', expected: weights(25), weights: weights(0) },
      { kind: 'read-weights', expected: weights(0) },
      { kind: 'set-alias', model: 'delays', alias: 'champion', expectedVersionId: 'mv_2', versionId: 'mv_1' },
      { kind: 'read-alias', model: 'delays', alias: 'champion', expectedVersionId: 'mv_1' },
      { kind: 'scale-down', versionId: 'mv_2', afterSeconds: 30, toReplicas: 0 },
    ])
    expect(plan).toMatchObject({ kind: 'rollback', fence: 7, from: input.candidate, to: input.stable })
    expect(plan.steps[1]?.key).toBe('ro_1/7/rollback/2-set-weights')
  })

  it('scales a scaled-in stable up first and meanwhile applies the least bad split', () => {
    const replicas = { ...input.replicas, stable: { ready: 1, desired: 1 } }
    const plan = planOf(rollbackPlan({ ...input, candidatePercent: 90, replicas }))
    expect(plan.steps.map(({ action }) => action.kind).slice(0, 6)).toEqual([
      'scale-up',
      'set-weights',
      'read-weights',
      'preflight',
      'set-weights',
      'read-weights',
    ])
    expect(plan.steps[0]?.action).toEqual({ kind: 'scale-up', versionId: 'mv_1', fromReplicas: 1, toReplicas: 4 })
    expect(candidatePercents(plan)).toEqual([75, 0])
    expect(plan.steps[4]?.action).toMatchObject({ expected: weights(75) })
  })

  it('never raises the weight of the candidate, and each write expects what the one before left', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 100 }),
        fc.nat({ max: 12 }),
        fc.nat({ max: 12 }),
        (candidatePercent, ready, desired) => {
          const replicas = { ...input.replicas, stable: { ready, desired } }
          const plan = planOf(rollbackPlan({ ...input, candidatePercent, replicas }))
          const path = [candidatePercent, ...candidatePercents(plan)]
          expect(path).toEqual(path.toSorted((a, b) => b - a))
          expect(path.at(-1)).toBe(0)
          const writes = plan.steps.flatMap(({ action }) => (action.kind === 'set-weights' ? [action.expected] : []))
          expect(writes).toEqual(path.slice(0, -1).map(weights))
          for (const { action } of plan.steps) {
            if (action.kind === 'scale-up') expect(action.toReplicas).toBeGreaterThanOrEqual(action.fromReplicas)
          }
        },
      ),
    )
  })

  it('allows a target whose approval has expired, and refuses the others', () => {
    expect(rollbackPlan({ ...input, stableApproval: 'expired' }).ok).toBe(true)
    expect(rollbackPlan({ ...input, stableApproval: 'revoked' })).toEqual({
      ok: false,
      because: 'the approval of the target mv_1 is revoked',
    })
    expect(rollbackPlan({ ...input, stableApproval: 'missing' }).ok).toBe(false)
    expect(rollbackPlan({ ...input, stable: null })).toEqual({
      ok: false,
      because: 'there is no version to go back to',
    })
  })

  it('has a digest that changes with everything in it', () => {
    const { digest } = planOf(rollbackPlan(input))
    expect(planOf(rollbackPlan(input)).digest).toBe(digest)
    expect(planOf(rollbackPlan({ ...input, fence: 8 })).digest).not.toBe(digest)
    expect(planOf(rollbackPlan({ ...input, scaleDownAfterSeconds: 31 })).digest).not.toBe(digest)
  })
})

describe('promotionPlan', () => {
  it('takes the candidate to everything and the alias with it', () => {
    const plan = planOf(promotionPlan({ ...input, candidatePercent: 50 }))
    expect(plan.steps.map(({ action }) => action)).toEqual([
      { kind: 'preflight', version: input.candidate, readyReplicasMin: 4 },
      { kind: 'set-weights', expected: weights(50), weights: weights(100) },
      { kind: 'read-weights', expected: weights(100) },
      { kind: 'set-alias', model: 'delays', alias: 'champion', expectedVersionId: 'mv_1', versionId: 'mv_2' },
      { kind: 'read-alias', model: 'delays', alias: 'champion', expectedVersionId: 'mv_2' },
      { kind: 'scale-down', versionId: 'mv_1', afterSeconds: 30, toReplicas: 0 },
    ])
    expect(plan).toMatchObject({ kind: 'promotion', from: input.stable, to: input.candidate })
  })

  it('gives a small candidate capacity before any traffic', () => {
    const replicas = { ...input.replicas, candidate: { ready: 1, desired: 1 } }
    const plan = planOf(promotionPlan({ ...input, replicas }))
    expect(plan.steps[0]?.action).toEqual({ kind: 'scale-up', versionId: 'mv_2', fromReplicas: 1, toReplicas: 4 })
    expect(plan.steps[1]?.action.kind).toBe('preflight')
  })

  it.each(['expired', 'revoked', 'missing'] as const)(
    'refuses a candidate whose approval is %s',
    (candidateApproval) => {
      const because = `the approval of the candidate is ${candidateApproval}`
      expect(promotionPlan({ ...input, candidateApproval })).toEqual({ ok: false, because })
    },
  )

  it('refuses to promote over nothing', () => {
    expect(promotionPlan({ ...input, stable: null }).ok).toBe(false)
  })
})
