import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { problem } from '#lib/platform/errors.ts'
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { ensureCluster, initdbMsMax, ownerName } from './init-cluster.ts'
import { explainFailure, tailOf } from './postgres-failure.ts'
import { prepareDataFolder, prepareSocketFolder } from './postgres-folders.ts'
import { settlesWithin, spawnTethered, type ProcessExit, type TetheredProcess } from './postgres-process.ts'
import { choosePostgresUser, type PostgresUser } from './postgres-user.ts'
import { isPostgresOf, readPostmaster, removeStaleFiles, type Postmaster } from './postmaster-pid.ts'
import { takeStartLock } from './start-lock.ts'

export type EmbeddedPostgresOptions = {
  /** A folder of its own, such as `<QUARTERDECK_DATA>/postgres`: it is made, closed to others and filled. */
  dataFolder: string
  log?: (message: string) => void
  /** False only for tests: a crash of the machine (not of PostgreSQL) may then lose or damage data. */
  durable?: boolean
  /** Found before with `findPostgresBinaries`, to share one copy of them among several clusters. */
  binaries?: PostgresBinaries
}

/** `expected` after `stop()`, and for the end of an adopted server, which is its owner's affair. */
export type EmbeddedExit = ProcessExit & { expected: boolean }

export type EmbeddedPostgres = {
  /** Of the owner, a superuser of this cluster; connections by the socket only. */
  url: string
  /** Ends the server (fast shutdown, then by force: about 30 s at most). If it was adopted, it is left to its owner. */
  stop(): Promise<void>
  /** True when another process had started the server and this one uses it. It ends when that process does. */
  adopted: boolean
  /** Resolves when the server is gone, whoever ended it, or an adopted one was released. */
  exited: Promise<EmbeddedExit>
}

const databaseName = 'quarterdeck'
const pollMs = 10
/** Crash recovery replays at most max_wal_size (1 GB) of log, which a slow disk does in about a minute. */
const startMsMax = 180_000
const stopMsMax = 20_000
const killMsMax = 5_000

/**
 * Starts the PostgreSQL that comes with Quarterdeck on a folder, or adopts the one another process runs there.
 * The cluster is made at the first start. The server ends with this process, however it ends.
 *
 * @throws QuarterdeckError `unavailable` with what to do: platform, user, folder, disk, version
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataFolder = resolve(options.dataFolder)
  const clusterFolder = join(dataFolder, 'data')
  const log = options.log ?? (() => undefined)
  try {
    const user = choosePostgresUser(clusterFolder)
    prepareDataFolder(dataFolder, user)
    const unlock = await takeStartLock(join(dataFolder, 'start.lock'), startMsMax + initdbMsMax)
    try {
      const running = await settledPostmaster(clusterFolder)
      if (running) return await adopt(clusterFolder, running, log)
      const binaries = options.binaries ?? findPostgresBinaries(dataFolder, user)
      const durable = options.durable ?? true
      await ensureCluster(dataFolder, binaries, user, durable, log)
      return await launch(dataFolder, binaries, user, durable, log)
    } finally {
      unlock()
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw explainFailure(`PostgreSQL could not be started in ${dataFolder}`, said, error)
  }
}

/** Waits while a running server starts or ends; the answer is one that is ready, or none. */
async function settledPostmaster(clusterFolder: string): Promise<Postmaster | undefined> {
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += pollMs) {
    const running = readPostmaster(clusterFolder)
    if (!running || running.status === 'ready') return running
    await delay(pollMs)
  }
  throw problem(
    'unavailable',
    `The PostgreSQL of ${clusterFolder} has been starting or stopping for ${startMsMax / 1000} s. End that process and start again.`,
  )
}

async function adopt(
  clusterFolder: string,
  running: Postmaster,
  log: (message: string) => void,
): Promise<EmbeddedPostgres> {
  const url = urlOf(running.socketFolder, databaseName)
  await ensureDatabase(running.socketFolder)
  log(`Using the PostgreSQL that another process runs on ${clusterFolder} (process ${running.pid}).`)
  const released = new AbortController()
  return {
    url,
    adopted: true,
    exited: watch(running.pid, clusterFolder, released.signal),
    stop: async () => released.abort(),
  }
}

/** We are not the parent of an adopted server, so its end is seen by looking. The timer keeps no process alive. */
async function watch(pid: number, clusterFolder: string, released: AbortSignal): Promise<EmbeddedExit> {
  const wakened = once(released, 'abort')
  while (!released.aborted && isPostgresOf(pid, clusterFolder)) {
    await Promise.race([delay(500, undefined, { ref: false }), wakened])
  }
  return { code: null, signal: null, expected: true }
}

async function launch(
  dataFolder: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
  durable: boolean,
  log: (message: string) => void,
): Promise<EmbeddedPostgres> {
  const clusterFolder = realpathSync(join(dataFolder, 'data'))
  const socketFolder = prepareSocketFolder(dataFolder, user)
  removeStaleFiles(clusterFolder, socketFolder)
  const logFile = join(dataFolder, 'postgres.log')
  const server = spawnTethered(
    binaries.postgres,
    ['-D', clusterFolder, '-k', socketFolder, ...settingsOf(durable)],
    logFile,
    user,
  )
  let stopping = false
  const exited = server.exited.then((exit) => ({ ...exit, expected: stopping }))
  const stop = async () => {
    stopping = true
    await end(server, clusterFolder)
  }
  try {
    await untilReady(server, clusterFolder, logFile)
    await ensureDatabase(socketFolder)
  } catch (error) {
    await stop()
    throw error
  }
  log(`PostgreSQL ${binaries.version} runs on ${clusterFolder}.`)
  return { url: urlOf(socketFolder, databaseName), stop, adopted: false, exited }
}

function settingsOf(durable: boolean): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: '5432',
    max_connections: '200',
    shared_buffers: '128MB',
    wal_level: 'replica',
    unix_socket_permissions: '0777',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // To one file of the parent's, two runs kept. Errors go to the client that caused them, which logs them with its
    // ids; here they would repeat row values and grow without bound.
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    synchronous_commit: 'on',
    // Not durable still survives the end of PostgreSQL itself: what is committed is in the kernel's cache.
    ...(durable
      ? { fsync: 'on', full_page_writes: 'on' }
      : { fsync: 'off', full_page_writes: 'off', io_method: 'sync', shared_buffers: '32MB', max_wal_size: '256MB' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function untilReady(server: TetheredProcess, clusterFolder: string, logFile: string): Promise<void> {
  let gone = false
  void server.exited.then(() => (gone = true))
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += pollMs) {
    if (readPostmaster(clusterFolder)?.status === 'ready') return
    if (gone) throw explainFailure(`PostgreSQL could not be started on ${clusterFolder}`, tailOf(logFile))
    await delay(pollMs)
  }
  throw explainFailure(`PostgreSQL was not ready on ${clusterFolder} after ${startMsMax / 1000} s`, tailOf(logFile))
}

/** Fast shutdown (SIGINT by the guard), then immediate (SIGQUIT: recovers at the next start), then SIGKILL. */
async function end(server: TetheredProcess, clusterFolder: string): Promise<void> {
  server.hangUp()
  if (await settlesWithin(server.exited, stopMsMax)) return
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const running = readPostmaster(clusterFolder)
    if (running) process.kill(running.pid, signal)
    if (await settlesWithin(server.exited, killMsMax)) return
  }
  throw problem(
    'unavailable',
    `The PostgreSQL of ${clusterFolder} did not end, not even by force; the disk below it may hang.`,
  )
}

/** initdb makes no database of ours. Two processes may get here at once: the second finds it made (42P04). */
async function ensureDatabase(socketFolder: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(socketFolder, 'postgres'), connectionTimeoutMillis: 30_000 })
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42P04')) throw error
  } finally {
    await client.end()
  }
}

function urlOf(socketFolder: string, database: string): string {
  return `postgres://${ownerName}@/${database}?host=${encodeURIComponent(socketFolder)}`
}
