import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { problem } from '#lib/platform/errors.ts'

/** The operating-system user that PostgreSQL runs as; `undefined` means "as we are". */
export type PostgresUser = { uid: number; gid: number; name: string } | undefined

/**
 * PostgreSQL refuses to run as root. Started by root it runs as the owner of the existing cluster, else as the user
 * `postgres`, else as `nobody`; started by anyone else it runs as that user.
 *
 * @param clusterFolder the `data` folder, which may not exist yet
 * @throws QuarterdeckError `unavailable` when root has no user to hand PostgreSQL to
 */
export function choosePostgresUser(clusterFolder: string): PostgresUser {
  if (process.getuid?.() !== 0) return undefined
  const users = passwdEntries()
  const owner = statSync(clusterFolder, { throwIfNoEntry: false })
  const chosen =
    (owner && owner.uid !== 0 ? users.find((u) => u.uid === owner.uid) : undefined) ??
    users.find((u) => u.name === 'postgres') ??
    users.find((u) => u.name === 'nobody')
  if (chosen) return chosen
  throw problem(
    'unavailable',
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody". Start Quarterdeck as another user, or set DATABASE_URL to a PostgreSQL of yours.',
  )
}

/** Asks the kernel whether that user can enter the folder: permission bits, ACLs and mounts all count. */
export function canEnter(folder: string, user: PostgresUser): boolean {
  const asked = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...spawnIdentity(user),
    cwd: '/',
    stdio: 'ignore',
    timeout: 10_000,
  })
  if (asked.error) throw cannotSwitchUser(asked.error)
  return asked.status === 0
}

/** The `uid` and `gid` options of `child_process`. */
export function spawnIdentity(user: PostgresUser): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {}
}

/** A container may give root no right to become another user (CAP_SETUID dropped). */
function cannotSwitchUser(cause: Error): Error {
  return problem(
    'unavailable',
    `A process could not be started as another user (${cause.message}). Start Quarterdeck as a normal user instead of root, or set DATABASE_URL.`,
    {},
    { cause },
  )
}

function passwdEntries(): { name: string; uid: number; gid: number }[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
}
