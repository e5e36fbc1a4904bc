import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What runs on a cluster folder. `status` is the word PostgreSQL keeps in line 8 of `postmaster.pid`
 * (src/include/utils/pidfile.h): `starting`, `stopping`, `ready` or `standby`.
 */
export type Postmaster = { pid: number; socketFolder: string; status: string }

/**
 * The live server of a cluster folder, or `undefined`. A `postmaster.pid` proves nothing by itself: after a SIGKILL the
 * file stays, and where process 1 does not reap, so does a zombie of that pid; or the pid belongs to another program
 * or to the PostgreSQL of another folder by now.
 */
export function readPostmaster(clusterFolder: string): Postmaster | undefined {
  const text = readIfPresent(join(clusterFolder, 'postmaster.pid'))
  if (text === undefined) return undefined
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isPostgresOf(pid, clusterFolder)) return undefined
  return { pid, socketFolder: lines[4] ?? '', status: (lines[7] ?? '').trim() }
}

/**
 * Removes what a dead server left behind, for PostgreSQL itself trusts a pid that `kill(pid, 0)` finds, a zombie's too.
 * Call it only under the start lock and only when `readPostmaster` found nobody.
 */
export function removeStaleFiles(clusterFolder: string, socketFolder: string): void {
  rmSync(join(clusterFolder, 'postmaster.pid'), { force: true })
  rmSync(join(socketFolder, '.s.PGSQL.5432'), { force: true })
  rmSync(join(socketFolder, '.s.PGSQL.5432.lock'), { force: true })
}

/** Whether the process lives (a zombie does not), is called `postgres` and works in that folder. */
export function isPostgresOf(pid: number, clusterFolder: string): boolean {
  return process.platform === 'linux' ? isPostgresByProc(pid, clusterFolder) : isPostgresByPs(pid)
}

function isPostgresByProc(pid: number, clusterFolder: string): boolean {
  const stat = readIfPresent(`/proc/${pid}/stat`)
  if (stat === undefined) return false
  // proc(5): "pid (comm) state …"; comm may itself hold parentheses, so the last one counts.
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  if (name !== 'postgres' || state === 'Z' || state === 'X') return false
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterFolder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Another user's process hides its folder: then the name must do.
    if (code === 'EACCES' || code === 'EPERM') return true
    if (code === 'ENOENT' || code === 'ESRCH') return false
    throw error
  }
}

function isPostgresByPs(pid: number): boolean {
  const asked = spawnSync('ps', ['-o', 'state=,comm=', '-p', String(pid)], { encoding: 'utf8', timeout: 10_000 })
  if (asked.error) throw asked.error
  const [state = 'Z', ...command] = asked.stdout.trim().split(/\s+/)
  return !state.startsWith('Z') && /(^|\/)postgres$/.test(command.join(' '))
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // ESRCH: the process ended between the opening of its /proc file and the read.
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
