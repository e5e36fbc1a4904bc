import type { Config } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { whyUnreachable } from '#lib/platform/db/reachable.ts'
import { listenForChanges } from '#lib/platform/notify.ts'
import { startProbeServer } from '#lib/platform/probe-server.ts'
import { startJobs } from './jobs.ts'
import { startLoop, type Loop } from './loop.ts'
import { reconcilers, releaseHeld } from './reconcilers.ts'

export type Worker = { url: string; stop(): Promise<void> }

/**
 * Starts every reconciler's loop, the listener that wakes them, the job queue and the probes. `stop` lets turns in
 * progress finish: what a killed worker leaves behind, another picks up when its lease has run out.
 */
export async function startWorker(system: System, config: Config): Promise<Worker> {
  const ended = new AbortController()
  const { signal } = ended
  const { clock, log, metrics } = system
  const holder = `worker-${system.instance.id}`
  const loops = new Map<string, Loop>()
  for (const { name, intervalMs, turn } of reconcilers) {
    loops.set(name, startLoop({ name, intervalMs, turn: () => turn(system, holder) }, { clock, log, metrics, signal }))
  }
  const url = config.databaseUrl ?? ''
  const listening = listenForChanges({
    url,
    clock,
    log,
    signal,
    onChange: (channel) => {
      for (const { name, wakes } of reconcilers) {
        if (channel === 'reconnected' || wakes.includes(channel)) loops.get(name)?.wake()
      }
    },
  })
  const jobs = await startJobs(system, url)
  const probes = await startProbeServer(system, {
    host: config.host,
    port: config.metricsPort,
    ready: () => whyUnreachable(system),
  })
  return {
    url: probes.url,
    stop: async () => {
      ended.abort()
      await Promise.all([...loops.values()].map((l) => l.stopped))
      await listening
      await jobs.stop()
      await releaseHeld(system, holder)
      await probes.stop()
    },
  }
}
