import { readConfig } from '#lib/platform/config.ts'
import { openRole } from '#lib/system/installation.ts'
import { startWorker } from '#lib/worker/start.ts'
import { untilStopped } from './until-stopped.ts'

/** `quarterdeck worker`: reconcilers and jobs until it is told to stop. */
export async function runWorker(): Promise<void> {
  const config = readConfig()
  const { system, close } = await openRole(config, 'worker', { outside: true })
  const worker = await startWorker(system, config)
  system.log.info({ metricsUrl: worker.url }, 'worker runs')
  await untilStopped(async () => {
    await worker.stop()
    await close()
  })
}
