import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

/** Paths of the built programs. */
export type Tools = { readonly fsck: string; readonly driver: string; readonly versitygw: string }

const S3_PACKAGE = 'github.com/versity/versitygw/cmd/versitygw'
const FSCK_PACKAGE = 'github.com/transparency-dev/tessera/cmd/fsck'
const BUILD_TIMEOUT_SECONDS = 1_300

/**
 * Builds Tessera's fsck, our driver and an S3 server, at the versions that go.mod and go.sum pin, into a cache of the user that is keyed
 * by these files: a second run builds nothing. Throws, and so fails the suite, when Go is missing.
 */
export async function buildTools(): Promise<Tools> {
  const module = import.meta.dirname
  const folder = await cacheFor(module, ['go.mod', 'go.sum', 'driver/main.go'])
  const s3 = path.join(module, 's3')
  return {
    versitygw: await build(s3, S3_PACKAGE, path.join(await cacheFor(s3, ['go.mod', 'go.sum']), 'versitygw')),
    fsck: await build(module, FSCK_PACKAGE, path.join(folder, 'fsck')),
    driver: await build(module, './driver', path.join(folder, 'driver')),
  }
}

async function cacheFor(module: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(path.join(module, file)))
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  const folder = path.join(cacheHome, 'quarterdeck', hash.digest('hex').slice(0, 32))
  await mkdir(folder, { recursive: true })
  return folder
}

async function build(module: string, target: string, program: string): Promise<string> {
  if (existsSync(program)) return program
  console.log(`building ${target} …`)
  // Built under another name first, so that an interrupted build is never taken for a program.
  const unfinished = `${program}.${process.pid}`
  execFileSync(findGo(), ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-o', unfinished, target], {
    cwd: module,
    stdio: 'inherit',
    timeout: BUILD_TIMEOUT_SECONDS * 1_000,
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
  throw new Error('Go is needed to build the public tools that judge our logs: install it from https://go.dev/dl/')
}
