import { readFileSync } from 'node:fs'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import type { Histogram } from '#lib/telemetry/histogram.ts'
import type { Measurement, RolloutObservation } from '../observation.ts'
import { parseRolloutPolicy } from '../policy.ts'

const text = readFileSync(new URL('../../../policies/rollouts/guarded-canary.yaml', import.meta.url), 'utf8')
export const policy = parseRolloutPolicy(text)
export const start = 1_000_000_000_000
export const minute = 60_000

function latencies(factor: number, n: number): Histogram {
  const histogram = emptyHistogram()
  for (let i = 1; i <= 20; i += 1) if (n > 0) record(histogram, factor * i, n / 20)
  return histogram
}

type Figures = { errors?: [number, number]; p95?: number; correct?: [number, number]; n?: [number, number] }

/** Metrics of a step: errors and correct answers as shares, latency as a factor of stable. */
export function measured({
  errors = [0.005, 0.005],
  p95 = 1,
  correct = [0.95, 0.95],
  n = [95_000, 100_000],
}: Figures = {}): Measurement[] {
  const side = (share: number, samples: number): { n: number; k: number } => ({
    n: samples,
    k: Math.round(share * samples),
  })
  const common = { trafficGeneration: 3, labelDelaySeconds: 0 }
  return [
    {
      ...common,
      kind: 'proportion',
      name: 'error-rate',
      stable: side(errors[0], n[0]),
      candidate: side(errors[1], n[1]),
    },
    { ...common, kind: 'quantile', name: 'latency-p95', stable: latencies(1, n[0]), candidate: latencies(p95, n[1]) },
    {
      ...common,
      kind: 'proportion',
      name: 'accuracy',
      stable: side(correct[0], n[0]),
      candidate: side(correct[1], n[1]),
    },
  ]
}

export function observe(change: Partial<RolloutObservation> = {}): RolloutObservation {
  return {
    state: 'progressing',
    stepIndex: 0,
    stepStartedAt: start,
    stepGeneration: 3,
    heldBecause: null,
    traffic: {
      intendedCandidatePercent: 5,
      reading: { kind: 'observed', candidatePercent: 5, otherManager: null },
      breaker: null,
    },
    candidate: { ready: true, since: start, because: 'all replicas are ready' },
    approval: 'valid',
    freeze: null,
    request: null,
    requests: { stable: 95_000, candidate: 100_000 },
    metrics: measured(),
    history: { autoRollbacksOfVersion: 0, lastRollbackAt: null },
    ...change,
  }
}

export const request = (kind: 'abort' | 'hold' | 'resume', at = start): RolloutObservation['request'] => ({
  kind,
  by: 'ada',
  reason: 'I saw it',
  at,
})
export const unready = { ready: false, since: start - 6 * minute, because: 'crash loop' }
export const outside: RolloutObservation['traffic'] = {
  intendedCandidatePercent: 5,
  reading: { kind: 'observed', candidatePercent: 40, otherManager: 'argocd' },
  breaker: null,
}
export const tripped = { ...outside, breaker: { tripId: 'trip-1', because: '50 errors of 50' } }
export const unreachable = { ...outside, reading: { kind: 'unreachable' as const, because: 'timeout' } }
export const few = { n: [200, 20] as [number, number] }
export const none = { n: [0, 0] as [number, number] }
export const badErrors = measured({ errors: [0.005, 0.2] })
export const pending = {
  state: 'pending' as const,
  stepIndex: -1,
  stepStartedAt: null,
  stepGeneration: null,
  metrics: [],
}
