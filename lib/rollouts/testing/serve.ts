import { housekeep } from '#lib/platform/housekeep.ts'
import { emptyQuality } from '#lib/quality/fold.ts'
import { addQualityFacts } from '#lib/quality/queries.ts'
import { emptyHistogram, record } from '#lib/telemetry/histogram.ts'
import { addRequestFacts } from '#lib/telemetry/queries.ts'
import type { Story } from './story.ts'

/** How both sides serve: shares of errors and of correct answers, and the typical latency. */
export type Manner = { errors?: number; correct?: number; latencyMs?: number }

/**
 * What the data plane would have counted in this second: requests split by its present weights, under its present traffic
 * generation, with labels for all of them.
 */
export async function serveSecond(
  story: Story,
  manner: { stable?: Manner; candidate?: Manner; requests?: number } = {},
): Promise<void> {
  const { t, ws, endpointId, candidate } = story
  const observed = t.plane.endpoints.get(endpointId)?.observed
  if (!observed) return
  const nowMs = t.clock.now().getTime()
  for (const { versionId, percent } of observed.weights) {
    const n = Math.round(((manner.requests ?? 100_000) * percent) / 100)
    if (n === 0) continue
    const side = versionId === candidate ? manner.candidate : manner.stable
    const { errors = 0.005, correct = 0.95, latencyMs = 20 } = side ?? {}
    const fact = { workspaceId: ws.id, endpointId, versionId, generation: observed.generation }
    const latency = record(emptyHistogram(), latencyMs, n)
    const sliceAt = new Date(Math.floor(nowMs / 10_000) * 10_000)
    const requests = { ...fact, sliceAt, requests: n, errors: Math.round(n * errors), cpuMicros: 0, latency }
    const counts = { ...emptyQuality(), labelled: n, correct: Math.round(n * correct) }
    const windowAtMs = Math.floor(nowMs / 86_400_000) * 86_400_000
    await housekeep(t.system, 'telemetry-fold', async (tx) => {
      await addRequestFacts(tx, [requests])
      await addQualityFacts(tx, [{ ...fact, windowAtMs, counts }])
    })
  }
}
