import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.ts'
import { initdbArguments } from './init-cluster.ts'
import { findPackage, findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { choosePostgresUser } from './postgres-user.ts'

const run = promisify(execFile)
const runPrefix = 'quarterdeck-test-'
const memoryFolder = '/dev/shm'
const memoryBytesMin = 2 * 2 ** 30

/**
 * Starts clusters for tests on request and ends them together. It belongs to the process that runs the test workers:
 * vitest gives every test file a new process, so a cluster owned by a worker would be made anew for each file.
 *
 * One cluster a worker slot, because the audit feed's horizon (`pg_snapshot_xmin`) is the cluster's: tests that ran in
 * parallel in one cluster would hold up each other's feeds. A slot holds one test file at a time.
 *
 * @returns `socket`, where `GET /<slot>` answers `{url}`, and `close`, which leaves neither process nor file
 */
export async function serveTestClusters(): Promise<{ socket: string; close(): Promise<void> }> {
  removeAbandonedRuns()
  const folder = makeRunFolder(tmpdir())
  const clusterFolder = makeRunFolder(roomiestFolder())
  let setup: Setup | undefined
  const clusters = new Map<string, Promise<EmbeddedPostgres>>()
  const server = createServer((request, response) => {
    const slot = (request.url ?? '/').slice(1)
    if (!/^[a-z0-9-]{1,40}$/.test(slot)) {
      response.writeHead(404).end()
      return
    }
    const cluster = clusters.get(slot) ?? startCluster((setup ??= prepare(folder)), join(clusterFolder, slot))
    clusters.set(slot, cluster)
    void answer(response, cluster)
  })
  const socket = join(folder, 'starter')
  server.listen(socket)
  await once(server, 'listening')
  const close = async () => {
    server.close()
    server.closeAllConnections()
    const ended = await Promise.allSettled([...clusters.values()].map(async (c) => (await c).stop()))
    for (const made of [folder, clusterFolder]) rmSync(made, { recursive: true, force: true })
    const failed = ended.find((e) => e.status === 'rejected')
    if (failed) throw failed.reason
  }
  return { socket, close }
}

async function answer(response: ServerResponse, cluster: Promise<EmbeddedPostgres>): Promise<void> {
  try {
    const { url } = await cluster
    response.end(JSON.stringify({ url }))
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error))
  }
}

/** A copy of the master: initdb takes 0.7 s, the copy of its 47 MB a fifth of that. */
async function startCluster(setup: Setup, dataFolder: string): Promise<EmbeddedPostgres> {
  const { binaries, master } = await setup
  // -a keeps the owner, which is the user PostgreSQL runs as.
  if (master) await run('cp', ['-a', master, dataFolder])
  return startEmbeddedPostgres({ dataFolder, durable: false, binaries })
}

type Setup = Promise<{ binaries: PostgresBinaries; master: string | undefined }>

/** Once a run: the programs, which may have to be copied, and the master cluster, which may have to be made. */
async function prepare(folder: string): Setup {
  const binaries = findPostgresBinaries(folder, choosePostgresUser(''))
  const master = masterFolder()
  if (!existsSync(master) && isWritable(dirname(master))) await makeMaster(master, join(folder, 'master'), binaries)
  return { binaries, master: existsSync(master) ? master : undefined }
}

function masterFolder(): string {
  const { folder, version } = findPackage(`${process.platform}-${process.arch}`)
  const uid = choosePostgresUser('')?.uid ?? process.getuid?.()
  const key = createHash('sha256')
    .update(JSON.stringify([version, uid, initdbArguments]))
    .digest('hex')
    .slice(0, 12)
  // In node_modules, which a new install clears: a temporary directory is swept file by file, and half a cluster stays.
  return join(dirname(dirname(folder)), '.cache', 'quarterdeck', `test-cluster-${key}`)
}

async function makeMaster(master: string, dataFolder: string, binaries: PostgresBinaries): Promise<void> {
  const cluster = await startEmbeddedPostgres({ dataFolder, durable: false, binaries })
  await cluster.stop()
  const unfinished = `${master}-${process.pid}`
  try {
    await run('cp', ['-a', dataFolder, unfinished])
    renameSync(unfinished, master)
  } catch (error) {
    // Another run made it meanwhile: a folder that is not empty is not renamed over.
    if (!existsSync(master)) throw error
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

/** Where node_modules is not ours to write there is no master, and every cluster is made by initdb. */
function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
    throw error
  }
}

function makeRunFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, `${runPrefix}${process.pid}-`))
  // PostgreSQL, which under root is another user, passes through to its own private folder.
  chmodSync(folder, 0o711)
  return folder
}

/**
 * Memory where there is enough of it: on a disk that others keep busy, copying a cluster took 2.5 s instead of 0.2 s and
 * cloning a database 1 s instead of 0.04 s. Docker gives /dev/shm 64 MB, which is too little.
 */
export function roomiestFolder(): string {
  if (!existsSync(memoryFolder)) return tmpdir()
  const { bavail, bsize } = statfsSync(memoryFolder)
  return bavail * bsize >= memoryBytesMin ? memoryFolder : tmpdir()
}

/** A run that was killed leaves its folders (its servers end by themselves); the next run sweeps them up. */
function removeAbandonedRuns(): void {
  for (const parent of [tmpdir(), memoryFolder].filter((p) => existsSync(p))) {
    for (const name of readdirSync(parent)) {
      const pid = new RegExp(`^${runPrefix}(\\d+)-`).exec(name)?.[1]
      if (pid === undefined || isAlive(Number(pid)) || lstatSync(join(parent, name)).uid !== process.getuid?.())
        continue
      rmSync(join(parent, name), { recursive: true, force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
