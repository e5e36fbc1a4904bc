import type { ClusterPort, ServerObservation, ServerSpec, ServerState } from '../../ports/cluster.ts'

/** Model servers that exist only in memory; several ports may share them. */
export type MemoryServers = {
  up: boolean
  servers: Map<string, { spec: ServerSpec; observation: ServerObservation }>
  fences: Map<string, number>
}

export function memoryServers(): MemoryServers {
  return { up: true, servers: new Map(), fences: new Map() }
}

/** A cluster port for tests: an applied server is ready at once. `nowMs` is wall time, epoch ms. */
export function memoryCluster(held: MemoryServers, options: { nowMs: () => number }): ClusterPort {
  const down = { kind: 'unreachable', because: 'the servers in memory are down' } as const
  const stale = (key: string, fence: number) => {
    const highest = held.fences.get(key)
    return highest !== undefined && fence < highest ? ({ kind: 'stale-fence', fence: highest } as const) : null
  }
  return {
    apply: async (spec) => {
      const key = keyOf(spec.endpointId, spec.versionId)
      if (!held.up) return down
      const refused = stale(key, spec.fence)
      if (refused) return refused
      held.fences.set(key, spec.fence)
      const before = held.servers.get(key)
      if (before && wish(before.spec) === wish(spec)) {
        return { kind: 'applied', resourceVersion: before.observation.resourceVersion }
      }
      const observation = started(spec, before?.observation, options.nowMs())
      held.servers.set(key, { spec: structuredClone(spec), observation })
      return { kind: 'applied', resourceVersion: observation.resourceVersion }
    },
    observe: async (endpointId) => {
      if (!held.up) return down
      const servers = [...held.servers.values()].filter((s) => s.spec.endpointId === endpointId)
      if (servers.length === 0) return { kind: 'absent' }
      return { kind: 'observed', servers: servers.map((s) => structuredClone(s.observation)) }
    },
    remove: async (endpointId, versionId, fence) => {
      const key = keyOf(endpointId, versionId)
      if (!held.up) return down
      const refused = stale(key, fence)
      if (refused) return refused
      held.fences.set(key, fence)
      held.servers.delete(key)
      return { kind: 'removed' }
    },
  }
}

/** Puts a server into a state, as if it had crashed or become ready by itself. `nowMs` is wall time, epoch ms. */
export function setServerState(
  held: MemoryServers,
  server: { endpointId: string; versionId: string },
  state: ServerState,
  nowMs: number,
): void {
  const found = held.servers.get(keyOf(server.endpointId, server.versionId))
  if (!found) throw new Error(`no server ${server.versionId} of ${server.endpointId}`)
  const lastExit = state === 'crashed' ? { code: 1, signal: null, at: nowMs } : found.observation.lastExit
  found.observation = { ...found.observation, state, since: nowMs, lastExit }
}

function started(spec: ServerSpec, before: ServerObservation | undefined, nowMs: number): ServerObservation {
  return {
    versionId: spec.versionId,
    state: 'ready',
    restarts: 0,
    since: nowMs,
    lastExit: null,
    url: `memory://${keyOf(spec.endpointId, spec.versionId)}`,
    artifactDigest: spec.artifact.digest,
    resourceVersion: `m${Number(before?.resourceVersion.slice(1) ?? 0) + 1}`,
  }
}

function keyOf(endpointId: string, versionId: string): string {
  return `${endpointId}/${versionId}`
}

function wish({ template, artifact }: ServerSpec): string {
  return JSON.stringify([template, artifact])
}
