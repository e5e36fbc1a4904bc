import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { binScript, root, spawnTethered } from '../scripts/launch.js'

const stampFile = join(root, '.next', 'quarterdeck-stamp')
const sources = ['app', 'lib', 'next.config.js', 'proxy.ts', 'package-lock.json', 'tsconfig.json']
const shipped = /\.(tsx?|jsx?|css|json|woff2)$/
const left = /\.(test|contract)\.tsx?$/

/**
 * Builds the console when its sources are not those of the last build. The stamp is written last, so that a build that was
 * cut off is done again.
 */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  const stamp = sourceStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('Building the console (about half a minute, once for each change of the sources) …')
  await runBuild()
  writeFileSync(stampFile, stamp)
}

/** SHA-256 over the names and bytes of everything that the console is built from. */
export function sourceStamp(): string {
  const hash = createHash('sha256')
  for (const file of sources.flatMap(filesOf)) hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function filesOf(source: string): string[] {
  const full = join(root, source)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [source]
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && shipped.test(entry.name) && !left.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

function runBuild(): Promise<void> {
  const script = binScript('next')
  if (!script) throw new Error('next is not installed: run npm ci')
  const env = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' }
  const child = spawnTethered(process.execPath, [script, 'build'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: root,
    env,
  })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-20_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the console could not be built:\n${output}`)),
    )
  })
}
