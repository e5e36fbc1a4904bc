import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { loadAccessRules } from '#lib/access/current.ts'
import { ensureEpoch } from '#lib/audit/epoch.ts'
import { loadCardPolicies } from '#lib/models/load-card-policies.ts'
import { systemClock, type Clock } from '#lib/platform/clock.ts'
import type { Config } from '#lib/platform/config.ts'
import type { Ports, System } from '#lib/platform/context.ts'
import { kyselyOn, openPool } from '#lib/platform/db/connect.ts'
import type { Database } from '#lib/platform/db/schema.ts'
import { registerWriter } from '#lib/platform/db/writer.ts'
import { createLog, type Log } from '#lib/platform/log.ts'
import { processMetrics, type Metrics } from '#lib/platform/metrics.ts'
import { createNotifier } from '#lib/platform/notify.ts'
import { createSecrets } from '#lib/platform/secrets.ts'

export type RunningSystem = { system: System; close(): Promise<void> }

/**
 * The one composition root: from configuration to what verbs are given. Opens a writing and a reading pool on a database
 * that is already migrated, loads the access rules and binds the ports' adapters.
 */
export async function openSystem(options: {
  config: Config
  databaseUrl: string
  secret: string
  role: string
  ports: (system: () => System) => Ports
  clock?: Clock
  log?: Log
  metrics?: Metrics
  policyFolder?: string
}): Promise<RunningSystem> {
  const { config, role } = options
  const clock = options.clock ?? systemClock
  const instanceId = randomBytes(8).toString('hex')
  const log = options.log ?? createLog({ level: config.logLevel, role, instance: instanceId })
  await Promise.all([loadAccessRules(options.policyFolder), loadCardPolicies()])
  const pool = (which: 'writer' | 'reader') =>
    openPool({
      url: options.databaseUrl,
      role: which,
      max: config.databasePoolMax,
      applicationName: `quarterdeck-${role}`,
      onError: (error: Error) => log.warn({ err: error }, 'a database connection was lost'),
    })
  const pools: pg.Pool[] = [pool('writer'), pool('reader')]
  const [writer, reader] = pools.map((p) => kyselyOn<Database>(p))
  const [writerPool] = pools
  if (!writer || !reader || !writerPool) throw new Error('no database pools')
  const notifier = createNotifier(writerPool, clock, log)
  const system: System = {
    config,
    clock,
    log,
    metrics: options.metrics ?? processMetrics(),
    secrets: createSecrets(options.secret),
    db: reader,
    instance: countingInstance(instanceId),
    ports: options.ports(() => system),
    notify: notifier.notify,
  }
  registerWriter(system.db, writer)
  await ensureEpoch(system)
  const close = async () => {
    await notifier.flush()
    await Promise.all([writer.destroy(), reader.destroy()])
  }
  return { system, close }
}

function countingInstance(id: string): System['instance'] {
  let counter = 0n
  return {
    id,
    next: () => {
      counter += 1n
      return counter
    },
  }
}
