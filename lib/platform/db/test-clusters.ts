import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.ts'
import { initdbArguments } from './init-cluster.ts'
import { findPackage } from './postgres-binaries.ts'
import { choosePostgresUser } from './postgres-user.ts'

const run = promisify(execFile)
const runPrefix = 'quarterdeck-test-'

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
  const folder = mkdtempSync(join(tmpdir(), `${runPrefix}${process.pid}-`))
  // PostgreSQL, which under root is another user, passes through to its own private folder.
  chmodSync(folder, 0o711)
  const clusters = new Map<string, Promise<EmbeddedPostgres>>()
  const server = createServer((request, response) => {
    const slot = (request.url ?? '/').slice(1)
    if (!/^[a-z0-9-]{1,40}$/.test(slot)) {
      response.writeHead(404).end()
      return
    }
    const cluster = clusters.get(slot) ?? startCluster(join(folder, slot))
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
    rmSync(folder, { recursive: true, force: true })
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

/** A copy of a cluster that was made once: initdb takes 0.7 s, the copy of its 40 MB a tenth of that. */
async function startCluster(dataFolder: string): Promise<EmbeddedPostgres> {
  const master = masterFolder()
  if (!existsSync(master)) await makeMaster(master, `${dataFolder}-master`)
  // -a keeps the owner, which is the user PostgreSQL runs as.
  if (existsSync(master)) await run('cp', ['-a', master, dataFolder])
  return startEmbeddedPostgres({ dataFolder, durable: false })
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

/** Where node_modules is not ours to write, there is no master and every cluster is made by initdb. */
async function makeMaster(master: string, dataFolder: string): Promise<void> {
  const cluster = await startEmbeddedPostgres({ dataFolder, durable: false })
  await cluster.stop()
  const unfinished = `${master}-${process.pid}`
  try {
    mkdirSync(dirname(master), { recursive: true })
    await run('cp', ['-a', dataFolder, unfinished])
    renameSync(unfinished, master)
  } catch (error) {
    if (!existsSync(master) && existsSync(dirname(master))) throw error
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    rmSync(dataFolder, { recursive: true, force: true })
  }
}

/** A run that was killed leaves its folder (its servers end by themselves); the next run sweeps it up. */
function removeAbandonedRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${runPrefix}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
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
