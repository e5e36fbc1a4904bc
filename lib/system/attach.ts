import { join } from 'node:path'
import { readConfig } from '#lib/platform/config.ts'
import { startEmbeddedPostgres } from '#lib/platform/db/embedded.ts'
import type { RunningSystem } from '#lib/system.ts'
import { embeddedSecret, installedDataFolder, rememberedOrigin } from './data-folder.ts'
import { openRole } from './installation.ts'

/**
 * The system for a command that runs beside the product: on DATABASE_URL when it is set, else on the embedded
 * database of QUARTERDECK_DATA, which is adopted while it runs and started for the command's time when it does not.
 */
export async function attachSystem(
  role: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningSystem> {
  const config = readConfig(env)
  if (config.databaseUrl) return openRole(config, role, { outside: false })
  const dataFolder = installedDataFolder(config)
  const postgres = await startEmbeddedPostgres({ dataFolder: join(dataFolder, 'postgres') })
  try {
    const embedded = {
      ...env,
      // Tokens name the origin that they are for: that of the installation, whatever PORT is in this shell.
      QUARTERDECK_ORIGIN: env.QUARTERDECK_ORIGIN ?? rememberedOrigin(dataFolder),
      DATABASE_URL: postgres.url,
      QUARTERDECK_SECRET: config.secret ?? embeddedSecret(dataFolder),
    }
    const running = await openRole(
      readConfig({ ...embedded, ...(config.personas ? { QUARTERDECK_PERSONAS: '1' } : {}) }),
      role,
      { outside: false },
    )
    const close = async () => {
      await running.close()
      await postgres.stop()
    }
    return { system: running.system, close }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}
