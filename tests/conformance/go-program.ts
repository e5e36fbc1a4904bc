import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

/**
 * Builds a Go program at the versions that the module's go.mod and go.sum pin, into a cache of the user that is keyed by `files`
 * (paths in the module): a second run builds nothing. Returns its path. Throws, and so fails the suite, when Go is missing.
 */
export async function goProgram(of: {
  /** The folder with go.mod. */
  module: string
  files: readonly string[]
  target: string
  name: string
  buildSecondsMax: number
  /** Further arguments of `go build`; they are part of the key. */
  flags?: readonly string[]
}): Promise<string> {
  const hash = createHash('sha256')
  for (const file of of.files) hash.update(await readFile(path.join(of.module, file)))
  const flags = of.flags ?? []
  for (const flag of flags) hash.update(`\0${flag}`)
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  const folder = path.join(cacheHome, 'quarterdeck', hash.digest('hex').slice(0, 32))
  await mkdir(folder, { recursive: true })
  const program = path.join(folder, of.name)
  if (existsSync(program)) return program
  console.log(`building ${of.target} …`)
  // Built under another name first, so that an interrupted build is never taken for a program.
  const unfinished = `${program}.${process.pid}`
  const fixed = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath']
  execFileSync(findGo(), [...fixed, ...flags, '-o', unfinished, of.target], {
    cwd: of.module,
    stdio: 'inherit',
    timeout: of.buildSecondsMax * 1_000,
  })
  await rename(unfinished, program)
  return program
}

/** `go` on the path, or where Go's own installer puts it. */
export function findGo(): string {
  for (const candidate of ['go', '/usr/local/go/bin/go']) {
    try {
      execFileSync(candidate, ['version'], { stdio: 'ignore' })
      return candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error(
    'Go is needed to build the public tools that judge what we publish: install it from https://go.dev/dl/',
  )
}
