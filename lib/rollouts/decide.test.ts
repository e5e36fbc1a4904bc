import { describe, expect, it } from 'vitest'
import { decide } from './decide.ts'
import type { RolloutObservation } from './observation.ts'
import type { RolloutPolicy } from './policy.ts'
import {
  badErrors,
  few,
  measured,
  minute,
  none,
  observe,
  outside,
  pending,
  policy,
  request,
  start,
  tripped,
  unreachable,
  unready,
} from './testing/observations.ts'

describe('decide: one row for each level and for what it outranks', () => {
  const withHold: RolloutPolicy = {
    ...policy,
    on: { ...policy.on, fail: 'hold', noData: { holdForSeconds: 900, reaction: 'rollback' } },
  }

  it.each<[string, Partial<RolloutObservation>, number, string, string, RolloutPolicy?]>([
    ['an ended rollout waits', { state: 'rolled-back', request: request('abort') }, 20, 'wait', 'ended'],
    ['a rollback is not decided anew', { state: 'rolling-back', metrics: badErrors }, 20, 'wait', 'rolling-back'],
    [
      'an abort outranks safety',
      { request: request('abort'), approval: 'expired', traffic: outside },
      20,
      'rollback',
      'person-abort',
    ],
    ['an abort works while held', { state: 'held', request: request('abort') }, 20, 'rollback', 'person-abort'],
    [
      'an abort works while promoting',
      { state: 'promoting', request: request('abort') },
      20,
      'rollback',
      'person-abort',
    ],
    ['a trip is no outside change', { traffic: tripped }, 20, 'rollback', 'breaker-tripped'],
    ['a trip holds when fails hold', { traffic: tripped }, 20, 'hold', 'breaker-tripped', withHold],
    ['a revoked approval', { approval: 'revoked' }, 20, 'rollback', 'approval-revoked'],
    ['an expired approval', { approval: 'expired' }, 20, 'hold', 'approval-expired'],
    ['a missing approval', { approval: 'missing' }, 20, 'rollback', 'approval-missing'],
    ['an outside change outranks passing', { traffic: outside }, 20, 'hold', 'changed-by-other'],
    [
      'a critical fail outranks an outside change',
      { traffic: outside, metrics: badErrors },
      20,
      'rollback',
      'metric-critical-fail',
    ],
    [
      'a critical fail counts while held by an expired approval',
      { state: 'held', approval: 'expired', metrics: badErrors },
      20,
      'rollback',
      'metric-critical-fail',
    ],
    [
      'a fail that holds leaves the hold of safety',
      { approval: 'expired', metrics: measured({ p95: 2 }) },
      20,
      'hold',
      'approval-expired',
      withHold,
    ],
    ['an unready candidate', { candidate: unready }, 0, 'rollback', 'candidate-unready'],
    ['a freeze outranks passing', { freeze: 'year-end' }, 20, 'hold', 'frozen'],
    ['safety while promoting holds', { state: 'promoting', candidate: unready }, 20, 'hold', 'candidate-unready'],
    ['a promotion goes on', { state: 'promoting' }, 20, 'wait', 'promoting'],
    [
      'a critical fail rolls back even where fails hold',
      { metrics: badErrors },
      0,
      'rollback',
      'metric-critical-fail',
      withHold,
    ],
    [
      'a fail outranks no data',
      { metrics: measured({ correct: [0.95, 0.8] }).slice(1) },
      20,
      'rollback',
      'metric-fail',
    ],
    ['a fail holds by policy', { metrics: measured({ p95: 2 }) }, 0, 'hold', 'metric-fail', withHold],
    ['a fail counts while held', { state: 'held', metrics: badErrors }, 20, 'rollback', 'metric-critical-fail'],
    ['a person holds', { request: request('hold') }, 20, 'hold', 'person-hold'],
    ['held stays held', { state: 'held', heldBecause: 'inconclusive' }, 20, 'wait', 'held'],
    ['held and resumed goes on', { state: 'held', request: request('resume') }, 20, 'advance', 'step-passed'],
    ['no data outranks inconclusive', { metrics: measured(none) }, 241, 'hold', 'metric-no-data'],
    ['no data by policy', { metrics: measured(none) }, 241, 'rollback', 'metric-no-data', withHold],
    ['no data waits first', { metrics: measured(none) }, 15, 'wait', 'metric-no-data'],
    ['one metric without data is enough', { metrics: measured().slice(0, 2) }, 16, 'hold', 'metric-no-data'],
    ['inconclusive at atMost', { metrics: measured(few) }, 240, 'hold', 'inconclusive'],
    ['too few requests at atMost', { requests: { stable: 1, candidate: 999 } }, 240, 'hold', 'inconclusive'],
    ['not inconclusive before', { metrics: measured(few) }, 239, 'wait', 'metric-continue'],
    ['all pass', {}, 10, 'advance', 'step-passed'],
    ['all pass, too early', {}, 9, 'wait', 'too-early'],
    ['all pass, too few requests', { requests: { stable: 1, candidate: 999 } }, 10, 'wait', 'too-few-requests'],
    ['an unreachable data plane never advances', { traffic: unreachable }, 20, 'wait', 'traffic-unverified'],
    ['unread weights never advance', { stepStartedAt: null }, 20, 'wait', 'traffic-unverified'],
    ['unknown readiness never advances', { candidate: { ...unready, ready: null } }, 20, 'wait', 'readiness-unknown'],
    [
      'a step without judge',
      {
        stepIndex: 3,
        metrics: [],
        traffic: {
          ...outside,
          intendedCandidatePercent: 40,
          reading: { kind: 'observed', candidatePercent: 40, otherManager: null },
        },
      },
      0,
      'finish',
      'last-step-passed',
    ],
    ['a step that the policy lacks', { stepIndex: 9 }, 20, 'wait', 'traffic-unverified'],
    ['the first step begins', pending, 0, 'advance', 'first-step'],
    [
      'the first step needs a ready candidate',
      { ...pending, candidate: { ...unready, since: start } },
      1,
      'wait',
      'candidate-unready',
    ],
    ['the first step needs the approval', { ...pending, approval: 'missing' }, 1, 'rollback', 'approval-missing'],
    [
      'a cooldown',
      { ...pending, history: { autoRollbacksOfVersion: 0, lastRollbackAt: start } },
      29,
      'wait',
      'cooldown',
    ],
    [
      'a cooldown ends',
      { ...pending, history: { autoRollbacksOfVersion: 0, lastRollbackAt: start } },
      30,
      'advance',
      'first-step',
    ],
    [
      'a version that was rolled back needs a person',
      { ...pending, history: { autoRollbacksOfVersion: 1, lastRollbackAt: null } },
      0,
      'hold',
      'version-was-rolled-back',
    ],
    [
      'and a person may',
      {
        ...pending,
        state: 'held',
        request: request('resume'),
        history: { autoRollbacksOfVersion: 1, lastRollbackAt: start },
      },
      0,
      'advance',
      'first-step',
    ],
  ])('%s', (_title, change, minutes, kind, code, under = policy) => {
    const decision = decide(observe(change), under, start + minutes * minute)
    expect([decision.kind, decision.because[0]?.code]).toEqual([kind, code])
    expect(decision.unless).not.toBe('')
  })

  it('names the safety trouble beside the failure that takes the rollout back', () => {
    const decision = decide(observe({ approval: 'expired', metrics: badErrors }), policy, start + 20 * minute)
    expect(decision.kind).toBe('rollback')
    expect(decision.because.map(({ code }) => code)).toEqual(['metric-critical-fail', 'approval-expired'])
  })
})
