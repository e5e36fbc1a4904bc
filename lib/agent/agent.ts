import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createServer } from 'node:http'
import { systemClock, type Clock } from '#lib/platform/clock.ts'
import { problem } from '#lib/platform/errors.ts'
import { takeFileLock } from '#lib/platform/file-lock.ts'
import { createLog, type Log } from '#lib/platform/log.ts'
import { createAdmin } from './admin.ts'
import type { AgentConfig } from './config.ts'
import { deliverTo } from './deliver.ts'
import { openEndpoints, type Endpoints } from './endpoints.ts'
import type { HeartbeatEvent } from './events.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { createGateway, type Served } from './gateway.ts'
import { closeWithin, listen } from './listen.ts'
import { declareAgentMetrics, type AgentMetrics } from './metrics.ts'
import { openStateFiles, type StateFiles } from './state-file.ts'
import type { EndpointState } from './state.ts'
import { openTap, type Tap } from './tap.ts'
import { beat, eventsOf } from './telemetry.ts'
import { openWatch, type Watch } from './watch.ts'

export type Agent = {
  gatewayUrl: string
  adminUrl: string
  /** Drains within the configured bound, ends the model servers, sends the last telemetry. Idempotent. */
  stop(): Promise<void>
}

export type AgentDependencies = {
  clock?: Clock
  log?: Log
  /** What model servers inherit of the environment. */
  environment: Record<string, string>
}

/** One that was told to end drains for some seconds; whoever starts the next one has mostly waited for that. */
const folderWaitMs = 2_000

/**
 * Starts the local data plane: the gateway, the model servers it remembers, the admin API and the telemetry. It serves
 * with its last weights from the first moment, whether or not a control plane is there.
 * @throws QuarterdeckError `unavailable` when another agent runs on that data folder
 */
export async function startAgent(config: AgentConfig, dependencies: AgentDependencies): Promise<Agent> {
  const clock = dependencies.clock ?? systemClock
  const log = dependencies.log ?? createLog({ level: config.logLevel, role: 'agent', instance: config.agentId })
  const release = await takeFolder(config.dataFolder)
  const { files, states } = await openStateFiles(join(config.dataFolder, 'endpoints'))
  const { tap, closeTap } = startTap(config, clock, log)
  const { fleet, endpoints, watch, metrics } = assemble({
    config,
    clock,
    log,
    tap,
    files,
    states,
    environment: dependencies.environment,
  })
  const gateway = createGateway({
    ...config,
    clock,
    log,
    endpoints,
    fleet,
    onServed: (served) => afterServing(served, metrics, tap),
    onRejected: (reason) => metrics.rejected.inc({ reason }),
  })
  let ready = false
  const app = createAdmin({
    agentId: config.agentId,
    token: config.adminToken,
    log,
    endpoints,
    watch,
    metrics,
    tap: tap.counts,
    isReady: () => ready,
  })
  const serve = getRequestListener(app.fetch)
  const admin = createServer({ requestTimeout: 60_000 }, (request, response) => void serve(request, response))
  const adminUrl = await listen(admin, config.adminPort)
  const gatewayUrl = await listen(gateway.server, config.gatewayPort)
  await endpoints.restore()
  ready = true
  const ended = new AbortController()
  const beating = startBeating(config, { clock, endpoints, tap, watch }, ended.signal)
  log.info({ gatewayUrl, adminUrl, endpoints: states.length }, 'agent serves')
  const stop = async () => {
    ready = false
    ended.abort()
    await closeWithin(gateway.server, clock, config.drainMs)
    await endpoints.settled()
    await fleet.stop()
    await beating
    watch.stop()
    await closeTap()
    await closeWithin(admin, clock, config.drainMs)
    release()
  }
  let stopped: Promise<void> | undefined
  return { gatewayUrl, adminUrl, stop: () => (stopped ??= stop()) }
}

/** Two agents on one folder would each believe that they alone write it, and both would start its model servers. */
async function takeFolder(dataFolder: string): Promise<() => void> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const release = await takeFileLock(join(dataFolder, 'agent.lock'), folderWaitMs)
  if (release) return release
  throw problem(
    'unavailable',
    `Another agent runs on ${dataFolder}. End that one first, or give this one a data folder and ports of its own.`,
  )
}

type Beating = { clock: Clock; endpoints: Endpoints; tap: Tap; watch: Watch }

function startBeating(config: AgentConfig, b: Beating, ended: AbortSignal): Promise<void> {
  const onBeat = (event: HeartbeatEvent) => {
    b.tap.push(event)
    b.watch.heartbeat()
  }
  const { agentId, heartbeatMs } = config
  return beat({ ...b, agentId, everyMs: heartbeatMs, tap: b.tap.counts, onBeat }, ended)
}

type Parts = {
  config: AgentConfig
  clock: Clock
  log: Log
  tap: Tap
  files: StateFiles
  states: EndpointState[]
  environment: Record<string, string>
}

function assemble(p: Parts): { fleet: Fleet; endpoints: Endpoints; watch: Watch; metrics: AgentMetrics } {
  const { config, clock, log } = p
  const fleet = createFleet({
    ...config.servers,
    clock,
    log,
    environment: p.environment,
    connectionsMax: config.versionConcurrencyMax,
    requestTimeoutMs: config.requestTimeoutMs,
    onChange: (endpointId) => endpoints.get(endpointId)?.serverChanged(),
  })
  const endpoints: Endpoints = openEndpoints(
    {
      clock,
      log,
      rule: config.breaker,
      fleet,
      files: p.files,
      drainMs: config.drainMs,
      onChange: (endpointId) => watch.changed(endpointId),
      onTrip: (endpoint) => metrics.trips.inc({ endpoint }),
    },
    p.states,
  )
  const watch = openWatch(clock, endpoints.views, (id) => endpoints.get(id)?.view() ?? null)
  const metrics = declareAgentMetrics({
    tap: p.tap.counts,
    endpoints: () =>
      endpoints.views().map(({ endpointId, traffic }) => ({
        endpoint: endpointId,
        generation: traffic?.generation ?? 0,
        tripped: traffic !== null && traffic.breaker !== null,
      })),
  })
  return { fleet, endpoints, watch, metrics }
}

function afterServing(served: Served, metrics: AgentMetrics, tap: Tap): void {
  const { endpointId: endpoint, versionId: version, status, latencyMs } = served
  metrics.requests.inc({ endpoint, version, status })
  metrics.requestSeconds.observe({ endpoint, version }, latencyMs / 1000)
  if (!tap.on) return
  for (const event of eventsOf(served)) tap.push(event)
}

function startTap(config: AgentConfig, clock: Clock, log: Log): { tap: Tap; closeTap: () => Promise<void> } {
  if (!config.ingest) {
    const tap: Tap = {
      on: false,
      push: () => {},
      counts: () => ({ buffered: 0, dropped: 0, rejected: 0 }),
      stop: async () => {},
    }
    return { tap, closeTap: async () => {} }
  }
  const target = deliverTo({ ...config.ingest, timeoutMs: config.tap.timeoutMs })
  const tap = openTap({ ...config.tap, clock, log, deliver: target.deliver })
  const closeTap = async () => {
    await tap.stop(config.drainMs)
    await target.close()
  }
  return { tap, closeTap }
}
