import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, replay } from './decide.ts'
import { rolloutStates } from './observation.ts'
import type { Measurement } from './observation.ts'
import {
  badErrors,
  few,
  measured,
  minute,
  none,
  observe,
  outside,
  policy,
  request,
  start,
  tripped,
  unreachable,
} from './testing/observations.ts'

describe('decide and replay', () => {
  it('carries each metric with its interval, margin, samples and share of alpha', () => {
    const { metrics, because } = decide(observe(), policy, start + 20 * minute)
    expect(metrics.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['error-rate', 'pass'],
      ['latency-p95', 'pass'],
      ['accuracy', 'pass'],
    ])
    // Three metrics, three judged steps.
    for (const metric of metrics) expect(metric.alpha).toBeCloseTo(0.05 / 9, 15)
    expect(metrics[0]).toMatchObject({
      margin: { notWorseThan: { by: 0.01 } },
      samples: { stable: 95_000, candidate: 100_000 },
    })
    expect(because.map(({ metric }) => metric)).toEqual([null, 'error-rate', 'latency-p95', 'accuracy'])
    expect(because[1]?.message).toMatch(
      /^error-rate: candidate - stable lies in \[-0\.\d+, 0\.\d+\], all of it within the allowed rise of 0\.01 \(95000 stable and 100000 candidate samples, alpha 0\.005556\)$/,
    )
  })

  it('advances to the next step and names it', () => {
    expect(decide(observe(), policy, start + 20 * minute).next).toEqual({ stepIndex: 1, candidatePercent: 25 })
  })

  it("does not take the breaker's own change for somebody else's", () => {
    const { because } = decide(observe({ traffic: tripped }), policy, start)
    expect(because.map(({ code }) => code)).toEqual(['breaker-tripped'])
  })

  it('never judges samples of another traffic generation', () => {
    const stale = badErrors.map((metric) => ({ ...metric, trafficGeneration: 2 }))
    const decision = decide(observe({ metrics: stale }), policy, start + minute)
    expect(decision.kind).toBe('wait')
    expect(decision.metrics.map(({ verdict }) => verdict)).toEqual(['noData', 'noData', 'noData'])
    expect(decision.because[0]?.message).toBe("error-rate: the samples are of traffic generation 2, the step's is 3")
  })

  it('counts "no data" from the warm-up and the label delay', () => {
    const metrics = measured()
    metrics[2] = {
      ...metrics[2]!,
      labelDelaySeconds: 600,
      stable: { n: 0, k: 0 },
      candidate: { n: 0, k: 0 },
    } as Measurement
    const waiting = decide(observe({ metrics }), policy, start + 25 * minute + 59_000)
    const overdue = decide(observe({ metrics }), policy, start + 26 * minute)
    expect([waiting.kind, overdue.kind]).toEqual(['wait', 'hold'])
    expect(overdue.because[0]).toMatchObject({ metric: 'accuracy' })
  })

  it("counts the step's time from a person's resume", () => {
    const metrics = measured(few)
    const resumed = observe({ state: 'held', request: request('resume', start + 240 * minute), metrics })
    expect(decide(resumed, policy, start + 241 * minute).kind).toBe('wait')
    expect(decide(resumed, policy, start + 480 * minute).kind).toBe('hold')
  })

  it('says when time alone may change it', () => {
    const open = observe({ metrics: measured(few) })
    expect(decide(open, policy, start).reviewAt).toBe(start + 10 * minute)
    expect(decide(open, policy, start + 10 * minute).reviewAt).toBe(start + 240 * minute)
  })

  const observations = fc.record({
    state: fc.constantFrom(...rolloutStates),
    stepIndex: fc.integer({ min: -1, max: 5 }),
    stepStartedAt: fc.constantFrom(null, start),
    approval: fc.constantFrom('valid' as const, 'expired' as const, 'revoked' as const, 'missing' as const),
    freeze: fc.constantFrom(null, 'year-end'),
    traffic: fc.constantFrom(observe().traffic, outside, tripped, unreachable),
    request: fc.constantFrom(null, request('abort'), request('hold'), request('resume')),
    metrics: fc.constantFrom([], measured(), badErrors, measured(few), measured({ p95: 3 }), measured(none)),
  })

  it('is total, and replays from its stored observation to the same answer', () => {
    fc.assert(
      fc.property(observations, fc.integer({ min: -100, max: 500 }), (change, minutes) => {
        const observation = observe(change)
        const now = start + minutes * minute
        const decision = decide(observation, policy, now)
        const stored: unknown = JSON.parse(JSON.stringify({ observation, now, decision }))
        expect(replay(stored, policy)).toEqual(decision)
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
        expect(decision.because).not.toHaveLength(0)
      }),
    )
  })

  it('never advances or finishes without a valid approval, verified traffic and all metrics passing', () => {
    fc.assert(
      fc.property(observations, fc.integer({ min: 0, max: 500 }), (change, minutes) => {
        const decision = decide(observe(change), policy, start + minutes * minute)
        if (decision.kind !== 'advance' && decision.kind !== 'finish') return
        expect(change.request?.kind).not.toBe('abort')
        expect([change.approval, change.freeze]).toEqual(['valid', null])
        expect(decision.metrics.every(({ verdict }) => verdict === 'pass')).toBe(true)
        if (change.stepIndex >= 0)
          expect([change.traffic.reading.kind, change.stepStartedAt]).toEqual(['observed', start])
      }),
    )
  })

  it('refuses to replay what is not an observation', () => {
    expect(() => replay({ observation: { state: 'sideways' }, now: 1 }, policy)).toThrow(
      'Invalid option: expected one of',
    )
  })
})
