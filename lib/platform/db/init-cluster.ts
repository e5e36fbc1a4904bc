import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
} from 'node:fs'
import { join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { explainFailure, tailOf } from './postgres-failure.ts'
import { makePrivateFolder } from './postgres-folders.ts'
import { settlesWithin, spawnTethered } from './postgres-process.ts'
import type { PostgresUser } from './postgres-user.ts'

/** The owner of an embedded cluster, a superuser. */
export const ownerName = 'quarterdeck'
export const initdbMsMax = 120_000

/**
 * No password: the socket stands in a folder of mode 0700. The builtin C.UTF-8 (PostgreSQL 17+) sorts by code point on
 * every machine, so that an index does not depend on the libc it was written under.
 */
export const initdbArguments: readonly string[] = [
  '-U',
  ownerName,
  '--auth=trust',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
]

/** Makes the cluster if there is none: initdb works in a folder beside it, whose rename is the moment it exists. */
export async function ensureCluster(
  dataFolder: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
  durable: boolean,
  log: (message: string) => void,
): Promise<void> {
  const clusterFolder = join(dataFolder, 'data')
  const unfinished = join(dataFolder, 'unfinished-data')
  // Retries: an initdb that was cut off a moment ago may still be writing its last file.
  rmSync(unfinished, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  if (existsSync(clusterFolder) && readdirSync(clusterFolder).length === 0) rmdirSync(clusterFolder)
  if (existsSync(clusterFolder)) return checkVersion(clusterFolder, binaries)

  log(`Making a new database in ${clusterFolder} (PostgreSQL ${binaries.version}).`)
  makePrivateFolder(unfinished, user)
  const logFile = join(dataFolder, 'initdb.log')
  const durability = durable ? [] : ['--no-sync']
  const initdb = spawnTethered(binaries.initdb, ['-D', unfinished, ...initdbArguments, ...durability], logFile, user)
  if (!(await settlesWithin(initdb.exited, initdbMsMax))) {
    initdb.hangUp()
    throw explainFailure(
      `Making a new database in ${clusterFolder} took longer than ${initdbMsMax / 1000} s`,
      tailOf(logFile),
    )
  }
  const { code } = await initdb.exited
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true })
    throw explainFailure(`A new database could not be made in ${clusterFolder}`, tailOf(logFile))
  }
  renameSync(unfinished, clusterFolder)
  if (durable) syncFolder(dataFolder)
}

/** Makes the rename itself last: the next start would take an unfinished folder for a failed one and remove it. */
function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

function checkVersion(clusterFolder: string, binaries: PostgresBinaries): void {
  const versionFile = join(clusterFolder, 'PG_VERSION')
  if (!existsSync(versionFile)) {
    throw problem(
      'unavailable',
      `${clusterFolder} holds files that are no PostgreSQL cluster. Choose another QUARTERDECK_DATA, or move these files away.`,
    )
  }
  const major = readFileSync(versionFile, 'utf8').trim()
  const ours = binaries.version.split('.')[0]
  if (major === ours) return
  throw problem(
    'unavailable',
    `${clusterFolder} was written by PostgreSQL ${major}, and this Quarterdeck brings PostgreSQL ${ours}, which cannot read it. Dump it with pg_dump under the Quarterdeck that wrote it and restore into a new folder, or run pg_upgrade.`,
  )
}
