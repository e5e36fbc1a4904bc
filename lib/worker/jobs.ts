import { PgBoss } from 'pg-boss'
import type { System } from '#lib/platform/context.ts'
import { reconcileDriftRetention } from '#lib/drift/reconcile-retention.ts'
import { forgetIdempotencyKeys } from '#lib/platform/idempotency.ts'
import { reconcileQuality } from '#lib/quality/reconcile.ts'
import { reconcileRolloutRetention } from '#lib/rollouts/reconcile-retention.ts'
import { reconcileRequestFacts, reconcileTelemetry } from '#lib/telemetry/reconcile.ts'

/** What is kept for a while only, each forgotten in bounded pieces. Nothing governed is among it. */
const forgetting: readonly { name: string; forget: (system: System) => Promise<number> }[] = [
  { name: 'idempotency keys', forget: forgetIdempotencyKeys },
  { name: 'batch ids', forget: reconcileTelemetry },
  { name: 'predictions without labels', forget: reconcileQuality },
  { name: 'request facts', forget: reconcileRequestFacts },
  { name: 'drift windows', forget: reconcileDriftRetention },
  { name: 'looks of rollouts', forget: reconcileRolloutRetention },
]

/** Discrete work, at most once a schedule among any number of workers. What must converge is a reconciler instead. */
const scheduled = [{ name: 'retention', cron: '*/5 * * * *', run: forgetAll }] as const

const piecesMax = 200
const heartbeatSeconds = 30
const retries = 3
const stopMsMax = 20_000

export type Jobs = { stop(): Promise<void> }

/** Starts pg-boss on the owner's connection (it keeps its own schema) and works off the schedules. */
export async function startJobs(system: System, databaseUrl: string): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema: 'pgboss',
    max: 3,
    application_name: 'quarterdeck-jobs',
    monitorIntervalSeconds: 5,
  })
  boss.on('error', (error) => system.log.warn({ err: error }, 'the job queue reports an error; it goes on'))
  await boss.start()
  for (const { name, cron, run } of scheduled) {
    // Without a heartbeat a killed worker's job waits for its expiry, a quarter of an hour.
    await boss.createQueue(name, { retryLimit: retries, retryBackoff: true, heartbeatSeconds, expireInSeconds: 600 })
    await boss.work(name, { heartbeatRefreshSeconds: heartbeatSeconds / 3, pollingIntervalSeconds: 5 }, async () => {
      const done = await run(system)
      system.log.info({ job: name, done }, 'job done')
    })
    await boss.schedule(name, cron)
  }
  return { stop: () => boss.stop({ graceful: true, timeout: stopMsMax }) }
}

/** Forgets piece by piece until there is nothing more, or the bound is reached. Returns rows by name. */
export async function forgetAll(system: System): Promise<Record<string, number>> {
  const rows: Record<string, number> = {}
  for (const { name, forget } of forgetting) {
    rows[name] = 0
    for (let piece = 0; piece < piecesMax; piece++) {
      const count = await forget(system)
      rows[name] += count
      if (count === 0) break
    }
  }
  return rows
}
