import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'

const installMsMax = 900_000

/**
 * The Python of an environment that has what requirements.txt names, in a cache of the user that is keyed by that file: a
 * second run installs nothing. Throws, and so fails the suite, when Python is missing or a package is not to be had.
 */
export async function mlflowPython(): Promise<string> {
  const requirements = path.join(import.meta.dirname, 'requirements.txt')
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 32)
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  const folder = path.join(cacheHome, 'quarterdeck', `mlflow-${key}`)
  const python = path.join(folder, 'bin', 'python')
  // Written last: an environment that was interrupted is made anew.
  const complete = path.join(folder, 'complete')
  if (existsSync(complete)) return python
  console.log('installing MLflow …')
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.dirname(folder), { recursive: true })
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: installMsMax })
  run('python3', ['-m', 'venv', folder])
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements])
  await writeFile(complete, '')
  return python
}
