import { isDeepStrictEqual } from 'node:util'
import { createHash } from 'node:crypto'
import { Pool } from 'undici'
import type { ServerObservation } from '#lib/platform/ports/cluster.ts'
import { superviseServer, type Server, type ServerOptions } from './server.ts'
import type { ServerBody } from './wire.ts'

export type Target = { kind: 'ready'; pool: Pool } | { kind: 'not-ready'; everReady: boolean }

export type Fleet = {
  /** Starts the server of a version, or starts it anew when its spec differs. The same spec changes nothing. */
  put(endpointId: string, versionId: string, spec: ServerBody): Promise<void>
  remove(endpointId: string, versionId: string): Promise<void>
  observe(endpointId: string, versionId: string): ServerObservation | null
  /** Where a request goes now. */
  target(endpointId: string, versionId: string): Target
  stop(): Promise<void>
}

export type FleetOptions = ServerOptions & {
  /** Open connections to one model server at most; equals the bound on its concurrent requests. */
  connectionsMax: number
  requestTimeoutMs: number
  onChange(endpointId: string, versionId: string): void
}

type Member = { spec: ServerBody; server: Server; pool: { url: string; pool: Pool } | null; everReady: boolean }

/** All model servers of this agent, and a pool of kept-alive connections to each. */
export function createFleet(o: FleetOptions): Fleet {
  const members = new Map<string, Member>()
  const end = async (key: string) => {
    const member = members.get(key)
    if (!member) return
    members.delete(key)
    await member.server.stop()
    await member.pool?.pool.destroy()
  }
  return {
    put: async (endpointId, versionId, spec) => {
      const key = keyOf(endpointId, versionId)
      if (isDeepStrictEqual(runnable(members.get(key)?.spec), runnable(spec))) return
      await end(key)
      const server = superviseServer(o, { endpointId, versionId }, spec, () => {
        const member = members.get(key)
        if (member?.server.observe().state === 'ready') member.everReady = true
        o.onChange(endpointId, versionId)
      })
      members.set(key, { spec, server, pool: null, everReady: false })
    },
    remove: (endpointId, versionId) => end(keyOf(endpointId, versionId)),
    observe: (endpointId, versionId) => {
      const member = members.get(keyOf(endpointId, versionId))
      if (!member) return null
      return { versionId, ...member.server.observe(), resourceVersion: specVersion(member.spec) }
    },
    target: (endpointId, versionId) => {
      const member = members.get(keyOf(endpointId, versionId))
      const seen = member?.server.observe()
      if (!member || seen?.state !== 'ready' || seen.url === null) {
        return { kind: 'not-ready', everReady: member?.everReady ?? false }
      }
      return { kind: 'ready', pool: poolOf(o, member, seen.url) }
    },
    stop: async () => {
      await Promise.all([...members.keys()].map(end))
    },
  }
}

function keyOf(endpointId: string, versionId: string): string {
  return `${endpointId}/${versionId}`
}

/** The opaque resourceVersion of a declared server: a digest of what would make it start anew. */
export function specVersion(spec: ServerBody): string {
  return createHash('sha256')
    .update(JSON.stringify(runnable(spec)))
    .digest('hex')
    .slice(0, 16)
}

/** What decides whether a server must start anew: all but the writer's fence. Env is compared without its order. */
function runnable(spec: ServerBody | undefined) {
  if (!spec) return null
  const env = Object.entries(spec.template.env).sort(([a], [b]) => (a < b ? -1 : 1))
  const { command, health, resources } = spec.template
  return [
    command,
    env,
    [health.path, health.timeoutMs, health.intervalMs],
    resources.memoryMiBMax ?? null,
    [spec.artifact.uri, spec.artifact.digest],
  ]
}

function poolOf(o: FleetOptions, member: Member, url: string): Pool {
  if (member.pool?.url === url) return member.pool.pool
  // A server that was started again listens elsewhere; requests still on the old connections end by themselves.
  if (member.pool) void member.pool.pool.destroy()
  const pool = new Pool(url, {
    connections: o.connectionsMax,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    headersTimeout: o.requestTimeoutMs,
    bodyTimeout: o.requestTimeoutMs,
    connect: { timeout: Math.min(o.requestTimeoutMs, 2000) },
  })
  member.pool = { url, pool }
  return pool
}
