import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'

const retryMs = 50
/** SQLITE_BUSY of https://sqlite.org/rescode.html */
const sqliteBusy = 5

/**
 * Takes an exclusive lock that the kernel releases when this process dies, in whatever way, so that none is ever stale.
 * Node has no `flock`; SQLite, which comes with it, takes the portable equivalent (fcntl record locks) on an empty file.
 *
 * @returns the function that releases it, or undefined when another one holds it for longer than `waitMsMax`
 */
export async function takeFileLock(file: string, waitMsMax: number): Promise<(() => void) | undefined> {
  const attempts = Math.ceil(waitMsMax / retryMs)
  const database = new DatabaseSync(file)
  for (let attempt = 0; attempt <= attempts; attempt += 1) {
    if (tryLock(database)) return () => database.close()
    await delay(retryMs)
  }
  database.close()
  return undefined
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false
    throw error
  }
}
