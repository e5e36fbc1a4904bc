import { z } from 'zod'
import type { ClusterPort } from '../../ports/cluster.ts'
import { becauseOf, understood, type AgentClient } from './agent-client.ts'

const server = z.object({
  versionId: z.string(),
  state: z.enum(['starting', 'ready', 'unready', 'crashed', 'stopped']),
  restarts: z.number(),
  since: z.number(),
  lastExit: z.object({ code: z.number().nullable(), signal: z.string().nullable(), at: z.number() }).nullable(),
  url: z.string().nullable(),
  artifactDigest: z.string().nullable(),
  resourceVersion: z.string(),
})
const view = z.object({ servers: z.array(server) })
const stale = z.object({ kind: z.literal('stale-fence'), fence: z.number() })
const refused = z.object({ kind: z.literal('refused'), because: z.string() })
const applyAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('applied'), resourceVersion: z.string() }),
  stale,
  refused,
])
const removeAnswer = z.discriminatedUnion('kind', [z.object({ kind: z.literal('removed') }), stale, refused])

/** The cluster port over the local agent: model servers are its child processes. */
export function localCluster(client: AgentClient): ClusterPort {
  const pathOf = (endpointId: string, versionId: string) =>
    `/v1/endpoints/${encodeURIComponent(endpointId)}/servers/${encodeURIComponent(versionId)}`
  return {
    apply: async ({ endpointId, versionId, ...body }) => {
      const answer = await client.call('PUT', pathOf(endpointId, versionId), body)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 400 || answer.status === 413) return { kind: 'refused', because: becauseOf(answer.body) }
      return understood(applyAnswer, answer)
    },
    observe: async (endpointId) => {
      const answer = await client.call('GET', `/v1/endpoints/${encodeURIComponent(endpointId)}`)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 404) return { kind: 'absent' }
      const seen = understood(view, answer)
      if ('kind' in seen) return seen
      return seen.servers.length === 0 ? { kind: 'absent' } : { kind: 'observed', servers: seen.servers }
    },
    remove: async (endpointId, versionId, fence) => {
      const answer = await client.call('DELETE', `${pathOf(endpointId, versionId)}?fence=${fence}`)
      if (answer.kind === 'unreachable') return answer
      if (answer.status === 400) return { kind: 'refused', because: becauseOf(answer.body) }
      return understood(removeAnswer, answer)
    },
  }
}
