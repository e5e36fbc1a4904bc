import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const installSecondsMax = 600

/**
 * Installs Schemathesis, at the versions that requirements.txt pins, into a virtual environment in a cache of the user that
 * is keyed by this file: a second run installs nothing. Returns the path of its command.
 * @throws when Python 3.10 or newer with venv is missing, or pip cannot install
 */
export async function installSchemathesis(): Promise<string> {
  const requirements = join(import.meta.dirname, 'requirements.txt')
  const hash = createHash('sha256').update(await readFile(requirements))
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cacheHome, 'quarterdeck', `fuzz-${hash.digest('hex').slice(0, 32)}`)
  const command = join(folder, 'bin', 'schemathesis')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return command
  console.log(`installing Schemathesis into ${folder} …`)
  // What an interrupted installation has left is not built upon.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as const, timeout: installSecondsMax * 1_000 }
  execFileSync('python3', ['-m', 'venv', folder], { ...options, stdio: [...options.stdio] })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements]
  execFileSync(join(folder, 'bin', 'python'), pip, { ...options, stdio: [...options.stdio] })
  await writeFile(complete, '')
  return command
}
