import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { problem } from '#lib/platform/errors.ts'

const retryMs = 50
/** SQLITE_BUSY of https://sqlite.org/rescode.html */
const sqliteBusy = 5

/**
 * Takes an exclusive lock that the kernel releases when this process dies, in whatever way. Node has no `flock`; SQLite,
 * which comes with it, takes the portable equivalent (fcntl record locks) on an empty file.
 *
 * @returns the function that releases it
 * @throws QuarterdeckError `unavailable` when another process holds it for longer than `waitMsMax`
 */
export async function takeStartLock(file: string, waitMsMax: number): Promise<() => void> {
  const attempts = Math.ceil(waitMsMax / retryMs)
  const database = new DatabaseSync(file)
  for (let attempt = 0; attempt <= attempts; attempt += 1) {
    if (tryLock(database)) return () => database.close()
    await delay(retryMs)
  }
  database.close()
  throw problem(
    'unavailable',
    `Another Quarterdeck has been starting PostgreSQL for more than ${waitMsMax / 1000} s (it holds ${file}). End that process and start again.`,
  )
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
