import { z } from 'zod'
import type { TrafficPort, TrafficReading, WriteResult } from '../../ports/traffic.ts'
import { becauseOf, understood, type AgentClient } from './agent-client.ts'

const traffic = z.object({
  generation: z.number(),
  fence: z.number(),
  weights: z.array(z.object({ versionId: z.string(), percent: z.number() })),
  resourceVersion: z.string(),
  breaker: z
    .object({ tripId: z.string(), trippedAt: z.number(), versionId: z.string(), because: z.string() })
    .nullable(),
  ackedAt: z.number(),
  manager: z.string(),
})
const view = z.object({ traffic: traffic.nullable() })
const writeAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('applied'), generation: z.number(), resourceVersion: z.string() }),
  z.object({ kind: z.literal('conflict'), observed: view }),
  z.object({ kind: z.literal('stale-fence'), fence: z.number() }),
  z.object({ kind: z.literal('refused'), because: z.string() }),
])
const removeAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('removed') }),
  z.object({ kind: z.literal('stale-fence'), fence: z.number() }),
  z.object({ kind: z.literal('refused'), because: z.string() }),
])

/** The traffic port over the local agent. `manager` is the name under which this port's own writes are known. */
export function localTraffic(client: AgentClient, options: { manager: string }): TrafficPort {
  const observedOf = (seen: z.infer<typeof view>): Exclude<TrafficReading, { kind: 'unreachable' }> => {
    if (seen.traffic === null) return { kind: 'absent' }
    const { manager, ...observed } = seen.traffic
    return { kind: 'observed', ...observed, otherManager: manager === options.manager ? null : manager }
  }
  return {
    read: async (endpointId) => {
      const answer = await client.call('GET', `/v1/endpoints/${encodeURIComponent(endpointId)}`)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 404) return { kind: 'absent' }
      const seen = understood(view, answer)
      return 'kind' in seen ? seen : observedOf(seen)
    },
    write: async ({ endpointId, ...body }): Promise<WriteResult> => {
      const answer = await client.call('PUT', `/v1/endpoints/${encodeURIComponent(endpointId)}/traffic`, body)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 400 || answer.status === 413) return { kind: 'refused', because: becauseOf(answer.body) }
      const result = understood(writeAnswer, answer)
      return result.kind === 'conflict' ? { kind: 'conflict', observed: observedOf(result.observed) } : result
    },
    remove: async (endpointId, fence) => {
      const path = `/v1/endpoints/${encodeURIComponent(endpointId)}/traffic?fence=${fence}`
      const answer = await client.call('DELETE', path)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 400) return { kind: 'refused', because: becauseOf(answer.body) }
      return understood(removeAnswer, answer)
    },
  }
}
