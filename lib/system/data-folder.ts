import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '#lib/platform/config.ts'
import { defaultDataFolder } from '#lib/platform/db/postgres-folders.ts'
import { problem } from '#lib/platform/errors.ts'

/** Where this installation keeps what is not in PostgreSQL. Made passable, because PostgreSQL may run as another user. */
export function dataFolderOf(config: Config): string {
  const folder = resolve(config.dataFolder ?? defaultDataFolder())
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o711 })
  return folder
}

/**
 * The same folder for a command that runs beside an installation. @throws `not-found` where nothing was ever started: a
 * command would otherwise make a new, empty installation and tell that it knows nobody there
 */
export function installedDataFolder(config: Config): string {
  const folder = resolve(config.dataFolder ?? defaultDataFolder())
  if (!existsSync(join(folder, 'postgres', 'data')))
    throw problem(
      'not-found',
      `There is no installation in ${folder}: start one there (npm start), or say where it is with QUARTERDECK_DATA or DATABASE_URL.`,
    )
  return folder
}

/**
 * The embedded installation's secret: made at first use, in a file that only its owner reads. Of several processes that
 * make one at the same moment one wins, and all read what it wrote.
 */
export function embeddedSecret(dataFolder: string): string {
  const file = join(dataFolder, 'secret')
  if (!existsSync(file)) {
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' })
    try {
      // A link fails where the file exists; a rename would replace what another process has already read.
      linkSync(draft, file)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      rmSync(draft)
    }
  }
  return readFileSync(file, 'utf8')
}

/** Writes down under which origin the running installation serves, for commands that run beside it with other settings. */
export function rememberOrigin(dataFolder: string, origin: string): void {
  writeFileSync(join(dataFolder, 'origin'), origin, { mode: 0o600 })
}

/** The origin of the installation that runs, or last ran, on that folder. */
export function rememberedOrigin(dataFolder: string): string | undefined {
  const file = join(dataFolder, 'origin')
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
