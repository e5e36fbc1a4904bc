import { startIngest } from '#lib/ingest/server.ts'
import { ensureAgentKey } from '#lib/members/ensure-agent-key.ts'
import { readConfig } from '#lib/platform/config.ts'
import { openRole } from '#lib/system/installation.ts'
import { untilStopped } from './until-stopped.ts'

/** `quarterdeck ingest`: takes telemetry until it is told to stop, and then commits what it holds. */
export async function runIngest(): Promise<void> {
  const config = readConfig()
  const { system, close } = await openRole(config, 'ingest', { outside: false })
  await ensureAgentKey(system)
  const ingest = await startIngest(system, { host: config.host, port: config.ingestPort })
  system.log.info({ url: ingest.url }, 'ingest serves')
  await untilStopped(async () => {
    await ingest.stop()
    await close()
  })
}
