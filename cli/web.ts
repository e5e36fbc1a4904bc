import { spawnTethered, binScript, root } from '../scripts/launch.js'
import { ensureBuilt } from './build-console.ts'
import { ConfigError, readConfig } from '#lib/platform/config.ts'
import { untilStopped } from './until-stopped.ts'

/** `quarterdeck web`: the console and the API, as `next start` serves them, built first when the sources have changed. */
export async function runWeb(): Promise<void> {
  const config = readConfig()
  if (!config.databaseUrl)
    throw new ConfigError(
      'quarterdeck web runs by itself: set DATABASE_URL and QUARTERDECK_SECRET, or use "quarterdeck start"',
    )
  await ensureBuilt((line) => process.stderr.write(`${line}\n`))
  const child = spawnTethered(process.execPath, nextStart(config.host, config.port), {
    stdio: ['inherit', 'inherit', 'inherit'],
    cwd: root,
  })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', (code) => {
      process.exitCode = code ?? 1
      resolve()
    })
  })
  const stopped = untilStopped(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await Promise.race([ended, stopped])
}

/** The arguments with which Node serves the built console. */
export function nextStart(host: string, port: number): string[] {
  const script = binScript('next')
  if (!script) throw new Error('next is not installed: run npm ci')
  const refuseMethods = new URL('refuse-methods.ts', import.meta.url).href
  return ['--import', refuseMethods, script, 'start', '-H', host, '-p', String(port)]
}
