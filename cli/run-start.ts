import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { root } from '../scripts/launch.js'
import { localUrl, readConfig, type Config } from '#lib/platform/config.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#lib/platform/db/embedded.ts'
import { dataFolderOf, embeddedSecret, rememberOrigin } from '#lib/system/data-folder.ts'
import { ensureBuilt } from './build-console.ts'
import { untilStopped } from './until-stopped.ts'
import { createSupervisor, type Supervisor } from './supervise.ts'
import { nextStart } from './web.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)

/**
 * Starts an embedded PostgreSQL (or uses DATABASE_URL), brings the schema up to date, builds the console when its sources
 * have changed, and keeps the roles running until it is told to stop. The console comes first: the other roles would take
 * the processors from the page that somebody waits for.
 */
export async function runStart(options: { demo: boolean }): Promise<void> {
  const startedMs = performance.now()
  const config = readConfig()
  const dataFolder = dataFolderOf(config)
  const building = ensureBuilt(say)
  // Whichever of the two fails first is reported; the other one must not be an unhandled rejection meanwhile.
  building.catch(() => undefined)
  const database = await openDatabase(config, dataFolder)
  const env = environmentOf(config, dataFolder, database.url)
  const supervisor = createSupervisor(say)
  database.keep(supervisor)
  const preparing = prepare(dataFolder, config, env)
  preparing.catch(() => undefined)
  await building
  // Every role brings the schema up to date under one lock, so the console need not wait for ours.
  startWeb(supervisor, config, env)
  const serving = untilServing(config)
  serving.catch(() => undefined)
  await preparing
  await Promise.race([serving, delay(headStartMsMax)])
  startRoles(supervisor, config, env, options.demo)
  await serving
  say(
    `Quarterdeck: ${config.origin} (after ${((performance.now() - startedMs) / 1000).toFixed(1)} s; Ctrl-C stops everything)`,
  )
  await untilStopped(async () => {
    for (const name of ['demo', 'web', 'agent', 'ingest', 'worker']) await supervisor.stop(name)
    await database.stop()
  })
}

/** The schema, every policy read once (a wrong one stops the start), and what commands beside us need to know. */
async function prepare(dataFolder: string, config: Config, env: Record<string, string>): Promise<void> {
  // Here, because it brings all domains with it, and the console can be on its way before they are read.
  const { openRole } = await import('#lib/system/installation.ts')
  const { close } = await openRole(readConfig({ ...process.env, ...env }), 'start', { outside: false })
  await close()
  rememberOrigin(dataFolder, config.origin)
}

type RunningDatabase = { url: string; keep(supervisor: Supervisor): void; stop(): Promise<void> }

async function openDatabase(config: Config, dataFolder: string): Promise<RunningDatabase> {
  if (config.databaseUrl) return { url: config.databaseUrl, keep: () => undefined, stop: () => Promise.resolve() }
  const start = () => startEmbeddedPostgres({ dataFolder: join(dataFolder, 'postgres'), log: say })
  let postgres: EmbeddedPostgres = await start()
  let stopping = false
  const watch = async () => {
    while (!stopping) {
      const exit = await postgres.exited
      if (stopping) return
      // By itself, or with a command that had started it before us and that we had joined.
      say(
        `PostgreSQL ended${exit.expected ? ' with the command that had started it' : ' by itself'}; starting it again`,
      )
      postgres = await start()
    }
  }
  return {
    url: postgres.url,
    keep: () => {
      watch().catch((error: unknown) => {
        say(`PostgreSQL cannot be started again: ${error instanceof Error ? error.message : String(error)}`)
        process.kill(process.pid, 'SIGTERM')
      })
    },
    stop: async () => {
      stopping = true
      await postgres.stop()
    },
  }
}

/** What every role is told. The embedded installation's secret and database are made here; nothing of them is printed. */
function environmentOf(config: Config, dataFolder: string, databaseUrl: string): Record<string, string> {
  const embedded = config.databaseUrl === undefined
  return {
    DATABASE_URL: databaseUrl,
    QUARTERDECK_SECRET: config.secret ?? embeddedSecret(dataFolder),
    QUARTERDECK_DATA: dataFolder,
    HOST: config.host,
    PORT: String(config.port),
    INGEST_PORT: String(config.ingestPort),
    AGENT_GATEWAY_PORT: String(config.agentGatewayPort),
    AGENT_ADMIN_PORT: String(config.agentAdminPort),
    ...(embedded && config.personas ? { QUARTERDECK_PERSONAS: '1' } : {}),
  }
}

function startWeb(supervisor: Supervisor, config: Config, env: Record<string, string>): void {
  supervisor.start({
    name: 'web',
    args: nextStart(config.host, config.port),
    env: { ...env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  })
}

function startRoles(supervisor: Supervisor, config: Config, env: Record<string, string>, demo: boolean): void {
  const main = join(root, 'cli', 'main.ts')
  for (const name of ['ingest', 'worker', 'agent']) supervisor.start({ name, args: [main, name], env })
  if (demo && config.personas)
    supervisor.start({ name: 'demo', args: [join(root, 'examples', 'flights', 'demo.ts')], env, once: true })
}

const servingMsMax = 60_000
const pollMs = 25
/** However slow the console is, telemetry and reconcilers do not wait longer for it. */
const headStartMsMax = 8_000

/** Asks for the page that everybody sees first until it is answered: whoever opens it then finds it warm. */
async function untilServing(config: Config): Promise<void> {
  const url = `${localUrl(config.host, config.port)}/sign-in`
  const deadline = performance.now() + servingMsMax
  for (;;) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'manual' }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status < 500
      },
      () => false,
    )
    if (answered) return
    if (performance.now() > deadline) throw new Error(`the console does not answer at ${url}`)
    await delay(pollMs)
  }
}
