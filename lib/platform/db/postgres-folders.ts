import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import { canEnter, type PostgresUser } from './postgres-user.ts'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, one of them the closing zero. */
const socketPathBytesMax = process.platform === 'darwin' ? 103 : 107
const socketName = '.s.PGSQL.5432'

/**
 * Where Quarterdeck keeps its data unless told otherwise: `/var/lib/quarterdeck` for root, since another user must be
 * able to reach the database below it and root's home is closed to it, else `$XDG_DATA_HOME/quarterdeck`
 * (XDG Base Directory Specification: an unset or relative value means `~/.local/share`).
 */
export function defaultDataFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/quarterdeck'
  const base = environment.XDG_DATA_HOME
  return join(base && isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'quarterdeck')
}

/**
 * Makes the folder (mode 0700, owned by the user PostgreSQL runs as) and proves that this user can enter it.
 *
 * @throws QuarterdeckError `unavailable` when a folder above it is closed to that user, or the disk refuses
 */
export function prepareDataFolder(folder: string, user: PostgresUser): void {
  // Parents that root makes here stay passable (0711): PostgreSQL, as another user, goes through them.
  if (user) mkdirSync(dirname(folder), { recursive: true, mode: 0o711 })
  makePrivateFolder(folder, user)
  if (!user || canEnter(folder, user)) return
  throw problem(
    'unavailable',
    `PostgreSQL runs as the user "${user.name}", who cannot enter ${folder}: a folder above it is closed. Choose another QUARTERDECK_DATA (${defaultDataFolder()} is usual), or open the folders above it with "chmod o+x".`,
  )
}

/** A folder that only its owner enters. Trust authentication on the socket below rests on this mode. */
export function makePrivateFolder(folder: string, user: PostgresUser): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (user) chownSync(folder, user.uid, user.gid)
  chmodSync(folder, 0o700)
}

/**
 * The folder of the server's socket: `<dataFolder>/socket`, or a short private folder in the temporary directory when
 * that path would be too long for a socket. The short one is recorded beside the cluster and used again.
 */
export function prepareSocketFolder(dataFolder: string, user: PostgresUser): string {
  const usual = join(dataFolder, 'socket')
  if (Buffer.byteLength(join(usual, socketName)) <= socketPathBytesMax) {
    makePrivateFolder(usual, user)
    return usual
  }
  const record = join(dataFolder, 'socket-folder')
  const recorded = readRecord(record)
  if (recorded !== undefined && isPrivateFolderOf(recorded, user)) return recorded
  const fits = [tmpdir(), '/tmp'].find(
    (t) => Buffer.byteLength(join(t, 'quarterdeck-XXXXXX', socketName)) <= socketPathBytesMax,
  )
  const short = mkdtempSync(join(fits ?? '/tmp', 'quarterdeck-'))
  makePrivateFolder(short, user)
  writeFileSync(record, short)
  return short
}

function readRecord(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : undefined
}

/** The temporary directory is everyone's: a recorded folder that was cleaned away may be another user's by now. */
function isPrivateFolderOf(folder: string, user: PostgresUser): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return (
    found !== undefined &&
    found.isDirectory() &&
    found.uid === (user?.uid ?? process.getuid?.()) &&
    (found.mode & 0o777) === 0o700
  )
}
