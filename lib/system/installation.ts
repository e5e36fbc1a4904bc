import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadApprovalPolicies } from '#lib/approvals/load-policies.ts'
import { loadPrices } from '#lib/costs/load-prices.ts'
import { loadDriftPolicies } from '#lib/drift/reads-policies.ts'
import { systemClock } from '#lib/platform/clock.ts'
import { ConfigError, type Config } from '#lib/platform/config.ts'
import { migrate } from '#lib/platform/db/migrate.ts'
import { migrations } from '#lib/platform/db/migrations/all.ts'
import { defaultDataFolder } from '#lib/platform/db/postgres-folders.ts'
import { createSecrets } from '#lib/platform/secrets.ts'
import { loadRolloutPolicies } from '#lib/rollouts/load-policies.ts'
import { loadSloPolicies } from '#lib/slos/load-policies.ts'
import { openSystem, type RunningSystem } from '#lib/system.ts'
import { noOutsidePorts, outsidePorts } from './bind-ports.ts'

/** Where this installation keeps what is not in PostgreSQL. Made passable, because PostgreSQL may run as another user. */
export function dataFolderOf(config: Config): string {
  const folder = resolve(config.dataFolder ?? defaultDataFolder())
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o711 })
  return folder
}

/**
 * The embedded installation's secret: made at first use, in a file that only its owner reads. Of several processes that
 * make one at the same moment one wins, and all read what it wrote.
 */
export function embeddedSecret(dataFolder: string): string {
  const file = join(dataFolder, 'secret')
  if (!existsSync(file)) {
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' })
    try {
      // A link fails where the file exists; a rename would replace what another process has already read.
      linkSync(draft, file)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      rmSync(draft)
    }
  }
  return readFileSync(file, 'utf8')
}

/** Writes down under which origin the running installation serves, for commands that run beside it with other settings. */
export function rememberOrigin(dataFolder: string, origin: string): void {
  writeFileSync(join(dataFolder, 'origin'), origin, { mode: 0o600 })
}

/** The origin of the installation that runs, or last ran, on that folder. */
export function rememberedOrigin(dataFolder: string): string | undefined {
  const file = join(dataFolder, 'origin')
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * Opens the system of one role from the environment: DATABASE_URL and QUARTERDECK_SECRET must be set (the embedded start
 * sets them for its children). Brings the schema up to date first, and loads and checks every policy.
 * @throws ConfigError when one of them is missing
 */
export async function openRole(config: Config, role: string, options: { outside: boolean }): Promise<RunningSystem> {
  const { databaseUrl, secret } = config
  if (!databaseUrl || !secret) {
    throw new ConfigError(
      `quarterdeck ${role} runs by itself: set DATABASE_URL and QUARTERDECK_SECRET, or use "quarterdeck start" for everything on one machine`,
    )
  }
  await migrate({ ownerUrl: databaseUrl, migrations, now: systemClock.now() })
  await Promise.all([
    loadApprovalPolicies(),
    loadRolloutPolicies(),
    loadDriftPolicies(),
    loadSloPolicies(),
    loadPrices(),
  ])
  let closePorts = () => Promise.resolve()
  const running = await openSystem({
    config,
    databaseUrl,
    secret,
    role,
    ports: (system) => {
      if (!options.outside) return noOutsidePorts()
      const bound = outsidePorts(config, createSecrets(secret), system)
      closePorts = bound.close
      return bound.ports
    },
  })
  const close = async () => {
    await running.close()
    await closePorts()
  }
  return { system: running.system, close }
}
