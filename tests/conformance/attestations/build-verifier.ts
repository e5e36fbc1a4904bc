import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

const package_ = 'github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier'
const buildSecondsMax = 900

/**
 * Builds slsa-verifier at the version that go.mod and go.sum pin, into a cache of the user that is keyed by these files: a
 * second run builds nothing. Throws, and so fails the suite, when Go is missing.
 */
export async function buildVerifier(): Promise<string> {
  const module = import.meta.dirname
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(path.join(module, file)))
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  const folder = path.join(cacheHome, 'quarterdeck', hash.digest('hex').slice(0, 32))
  await mkdir(folder, { recursive: true })
  const program = path.join(folder, 'slsa-verifier')
  if (existsSync(program)) return program
  console.log(`building ${package_} …`)
  // Built under another name first, so that an interrupted build is never taken for a program.
  const unfinished = `${program}.${process.pid}`
  execFileSync(findGo(), ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-o', unfinished, package_], {
    cwd: module,
    stdio: 'inherit',
    timeout: buildSecondsMax * 1_000,
  })
  await rename(unfinished, program)
  return program
}

/** `go` on the path, or where Go's own installer puts it. */
function findGo(): string {
  for (const candidate of ['go', '/usr/local/go/bin/go']) {
    try {
      execFileSync(candidate, ['version'], { stdio: 'ignore' })
      return candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error(
    'Go is needed to build the public tool that judges our attestations: install it from https://go.dev/dl/',
  )
}
