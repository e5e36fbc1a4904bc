import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withInstallLock } from '../scripts/install-lock.js'

const launchUrl = pathToFileURL(join(import.meta.dirname, '..', 'scripts', 'launch.js')).href
const relayCode = `import { relay } from ${JSON.stringify(launchUrl)}; relay(process.execPath, process.argv.slice(1))`
// Each of these writes "up" when it is ready and would then run for ever, with a child that holds its output open too.
const grandchild = `import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })`
const plain = `${grandchild}; setInterval(() => {}, 1000); console.log('up')`
const graceful = `process.on('SIGTERM', () => { console.log('graceful'); process.exit(7) }); ${plain}`

let folder = ''
const launchers: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'launcher-'))
})
afterEach(() => {
  for (const launcher of launchers.splice(0)) launcher.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

describe('a relayed program', () => {
  it('ends with its own exit code', async () => {
    const launcher = start('process.exit(5)')
    expect(await once(launcher, 'exit')).toEqual([5, null])
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('gets %s, and the launcher ends by it too', async (name) => {
    const { launcher } = await started(plain)
    launcher.kill(name)
    expect(await once(launcher, 'exit')).toEqual([null, name])
  })

  it('may end in its own way when it is told to', async () => {
    const { launcher, output } = await started(graceful)
    launcher.kill('SIGTERM')
    expect(await once(launcher, 'exit')).toEqual([7, null])
    expect(await output).toBe('graceful\n')
  })

  // The output ends only when nobody holds it any more: neither the program nor what it started.
  it.each([
    ['without a handler', plain, ''],
    ['with a handler that forgets its children', graceful, 'graceful\n'],
  ])('%s is gone, with its children, after a SIGKILL of the launcher', async (_, code, said) => {
    const { launcher, output } = await started(code)
    launcher.kill('SIGKILL')
    expect(await output).toBe(said)
  })

  it('takes its children with it when it is killed itself', async () => {
    const { launcher, output } = await started(`console.log(process.pid); ${plain}`)
    const pid = Number(firstLines.get(launcher)?.split('\n')[0])
    process.kill(pid, 'SIGKILL')
    expect(await once(launcher, 'exit')).toEqual([null, 'SIGKILL'])
    expect(await output).toBe('')
  })
})

describe('the installation lock', () => {
  it('lets one in at a time, and is gone afterwards', async () => {
    const file = join(folder, 'install.lock')
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
    }
    await Promise.all([withInstallLock(file, work), withInstallLock(file, work), withInstallLock(file, work)])
    expect(most).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  it.each<[string, string, number]>([
    ['its process is gone', JSON.stringify({ pid: 2 ** 30, host: hostname() }), 0],
    [
      'its pid belongs to another process now',
      JSON.stringify({ pid: process.pid, host: hostname(), startedTicks: '1' }),
      0,
    ],
    ['it has been silent for long, half written', '{"pi', 120],
    ['it has been silent for long, on another host', JSON.stringify({ pid: 1, host: 'elsewhere' }), 120],
  ])('is taken over when %s', async (_, mark, silentSeconds) => {
    const file = join(folder, 'install.lock')
    writeFileSync(file, mark)
    const touched = Date.now() / 1000 - silentSeconds
    utimesSync(file, touched, touched)
    let seen = ''
    await withInstallLock(file, async () => {
      seen = await Promise.resolve(readFileSync(file, 'utf8'))
    })
    expect(JSON.parse(seen)).toMatchObject({ pid: process.pid, host: hostname() })
  })

  it('is released when the work fails', async () => {
    const file = join(folder, 'install.lock')
    await expect(withInstallLock(file, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network')
    expect(existsSync(file)).toBe(false)
  })
})

const firstLines = new WeakMap<ChildProcess, string>()

function start(code: string): ChildProcess {
  const file = join(folder, 'program.mjs')
  writeFileSync(file, code)
  const args = ['--input-type=module', '-e', relayCode, '--', file]
  const launcher = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  launchers.push(launcher)
  return launcher
}

/** A launcher whose program has said "up"; `output` is what it writes from then on, until its end. */
async function started(code: string): Promise<{ launcher: ChildProcess; output: Promise<string> }> {
  const launcher = start(code)
  const stream = launcher.stdout!.setEncoding('utf8')
  let seen = ''
  while (!seen.endsWith('up\n')) {
    const [chunk] = (await once(stream, 'data')) as [string]
    seen += chunk
  }
  firstLines.set(launcher, seen)
  return { launcher, output: text(stream) }
}
