import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import type { System } from '#lib/platform/context.ts'
import { rememberingDirectory } from '#lib/telemetry/reads-directory.ts'
import { byteBudget } from './body.ts'
import { commitBatches } from './commit.ts'
import { rememberedKeys } from './keys.ts'
import { compiledMonitors } from './monitors.ts'
import { commitQueue } from './queue.ts'
import { ingestRoutes } from './routes.ts'

export type Ingest = { url: string; stop(): Promise<void> }

export type IngestLimits = {
  /** Bytes of one body after decompression. */
  bodyBytesMax: number
  /** Bytes of all bodies that are in work. */
  heldBytesMax: number
  /** Events that wait for their commit. */
  queuedEventsMax: number
  /** Events of one transaction. */
  commitEventsMax: number
}

export const defaultLimits: IngestLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  heldBytesMax: 128 * 1024 * 1024,
  queuedEventsMax: 200_000,
  commitEventsMax: 20_000,
}

const requestTimeoutMs = 60_000
const stopTimeoutMs = 15_000

/**
 * Starts the ingest server: `POST /v1/events`, answered when what it accepts is committed; /healthz, /readyz and /metrics.
 * `port` 0 takes a free one. `stop` refuses new connections, finishes what it holds and resolves when all is answered.
 */
export async function startIngest(
  system: System,
  options: { port: number; host: string; limits?: Partial<IngestLimits> },
): Promise<Ingest> {
  const limits = { ...defaultLimits, ...options.limits }
  const monitorsOf = compiledMonitors(system.db)
  const queue = commitQueue({
    commit: (batches) => commitBatches(system, monitorsOf, batches),
    eventsMax: limits.queuedEventsMax,
    commitEventsMax: limits.commitEventsMax,
    onQueued: (events) => system.metrics.ingestQueued.set(events),
    onFailed: (err, batches) => system.log.error({ err, batches }, 'telemetry could not be committed'),
  })
  const state = { stopping: false }
  const routes = ingestRoutes(system, {
    state,
    bodyBytesMax: limits.bodyBytesMax,
    budget: byteBudget(limits.heldBytesMax),
    grantOf: rememberedKeys(system),
    directory: rememberingDirectory(system.db, system.clock),
    submit: (batch) => queue.submit(batch),
  })
  const fetch = (request: Request, bindings: unknown) => routes.fetch(request, bindings as HttpBindings)
  const server = createAdaptorServer({ fetch }) as Server
  server.requestTimeout = requestTimeoutMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const stop = async () => {
    state.stopping = true
    await close(server)
    await queue.drain()
  }
  return { url: `http://${host}:${port}`, stop }
}

/** Waits for the requests under way; connections that idle or take too long are ended. */
async function close(server: Server): Promise<void> {
  const late = setTimeout(() => server.closeAllConnections(), stopTimeoutMs)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(late)
}
