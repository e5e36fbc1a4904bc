import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { ServerObservation, ServerState } from '#lib/platform/ports/cluster.ts'
import { launch, type Exit, type Launched } from './launch.ts'
import { freePort, isHealthy, residentMiB } from './probe.ts'
import type { ServerBody } from './wire.ts'

export type ServerOptions = {
  clock: Clock
  log: Log
  /** What every server inherits of the environment (PATH and the like); never the agent's own secrets. */
  environment: Record<string, string>
  /** Wait before the n-th start in a row that did not hold: `backoffMs`·2ⁿ⁻¹, at most `backoffMsMax`. */
  backoffMs: number
  backoffMsMax: number
  /** Between SIGTERM and SIGKILL. */
  stopGraceMs: number
}

export type Server = {
  observe(): Omit<ServerObservation, 'versionId' | 'resourceVersion'>
  /** Ends the server and stays ended; resolves when its processes are gone. */
  stop(): Promise<void>
}

const unhealthyProbesMax = 3
const steadyMs = 60_000

type Names = { endpointId: string; versionId: string }

/** Keeps one model server running: starts it, asks for its health, starts it again with backoff when it ends. */
export function superviseServer(o: ServerOptions, names: Names, spec: ServerBody, onChange: () => void): Server {
  const stopping = new AbortController()
  let running: { launched: Launched; url: string } | null = null
  let state: ServerState = 'starting'
  let since = o.clock.now().getTime()
  let restarts = 0
  let lastExit: ServerObservation['lastExit'] = null
  const enter = (next: ServerState) => {
    if (next === state) return
    state = next
    since = o.clock.now().getTime()
    onChange()
  }
  const oneLife = async (): Promise<number> => {
    const port = await freePort()
    if (stopping.signal.aborted) return 0
    const url = `http://127.0.0.1:${port}`
    const launched = launch(spec.template.command, environmentOf(o, names, spec, port), (text) =>
      o.log.info({ ...names, text }, 'model server output'),
    )
    running = { launched, url }
    const startedMs = o.clock.monotonicMs()
    const ended = new AbortController()
    const exit = launched.exited.then((e) => (ended.abort(), e))
    const probing = probeUntil(AbortSignal.any([stopping.signal, ended.signal]), o, spec, running, enter)
    const how = await exit
    await probing
    running = null
    lastExit = { code: how.code, signal: how.signal, at: o.clock.now().getTime() }
    logExit(o, names, how, stopping.signal.aborted)
    return o.clock.monotonicMs() - startedMs
  }
  const done = (async () => {
    let failedInARow = 0
    while (!stopping.signal.aborted) {
      enter('starting')
      const livedMs = await oneLife()
      if (stopping.signal.aborted) break
      failedInARow = livedMs > steadyMs ? 1 : failedInARow + 1
      enter('crashed')
      const waitMs = Math.min(o.backoffMs * 2 ** Math.min(failedInARow - 1, 20), o.backoffMsMax)
      await o.clock.sleep(waitMs, stopping.signal)
      restarts += 1
    }
    enter('stopped')
  })().catch((error: unknown) => {
    o.log.error({ ...names, err: error }, 'the supervision of a model server ended')
    enter('crashed')
  })
  return {
    observe: () => ({
      state,
      since,
      restarts,
      lastExit,
      url: running?.url ?? null,
      artifactDigest: running ? spec.artifact.digest : null,
    }),
    stop: async () => {
      stopping.abort()
      running?.launched.signal('SIGTERM')
      const graceEnded = new AbortController()
      const grace = o.clock.sleep(o.stopGraceMs, graceEnded.signal).then(() => running?.launched.signal('SIGKILL'))
      await done
      graceEnded.abort()
      await grace
    },
  }
}

async function probeUntil(
  ended: AbortSignal,
  o: ServerOptions,
  spec: ServerBody,
  running: { launched: Launched; url: string },
  enter: (state: ServerState) => void,
): Promise<void> {
  const { path, timeoutMs, intervalMs } = spec.template.health
  const limitMiB = spec.template.resources.memoryMiBMax
  let failed = 0
  let wasReady = false
  while (!ended.aborted) {
    const healthy = await isHealthy(running.url + path, timeoutMs)
    if (ended.aborted) return
    failed = healthy ? 0 : failed + 1
    wasReady ||= healthy
    if (healthy) enter('ready')
    else if (wasReady && failed >= unhealthyProbesMax) enter('unready')
    const pid = running.launched.commandPid()
    const usedMiB = limitMiB !== undefined && pid !== undefined ? await residentMiB(pid) : null
    if (limitMiB !== undefined && usedMiB !== null && usedMiB > limitMiB) {
      o.log.warn({ pid, usedMiB, limitMiB }, 'model server is over its memory limit and is ended')
      running.launched.signal('SIGKILL')
      return
    }
    // While it starts, it is asked more often, so that it serves soon after it can.
    await o.clock.sleep(wasReady ? intervalMs : Math.min(intervalMs, 50), ended)
  }
}

function environmentOf(o: ServerOptions, names: Names, spec: ServerBody, port: number): Record<string, string> {
  return {
    ...o.environment,
    ...spec.template.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    QUARTERDECK_ENDPOINT_ID: names.endpointId,
    QUARTERDECK_VERSION_ID: names.versionId,
    QUARTERDECK_ARTIFACT_URI: spec.artifact.uri,
    QUARTERDECK_ARTIFACT_DIGEST: spec.artifact.digest,
  }
}

function logExit(o: ServerOptions, names: Names, exit: Exit, asked: boolean): void {
  if (asked) o.log.info({ ...names, ...exit }, 'model server stopped')
  else o.log.warn({ ...names, ...exit }, 'model server ended by itself')
}
