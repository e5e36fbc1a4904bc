/**
 * How long a start takes until a page answers: one JSON line for each figure.
 *
 *   node bench/start.ts [rounds=3]     warm: what is installed and built; a new data folder first, then the same one again
 *   node bench/start.ts --clean        also from a clean clone of this repository's last commit: `npm start` installs, builds, serves
 *
 * The page is the one that asks who you are, rendered by the server with the database behind it. Beside it, in the same run,
 * what nobody can save: `next start` of the same build until it accepts a request, and an initdb and start of the same
 * PostgreSQL. The demonstration is off: it would take its part of the processors.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt } from '../cli/build-console.ts'
import { nextStart } from '../cli/web.ts'
import { root, spawnTethered } from '../scripts/launch.js'
import { freePorts, run, statusOf, until } from '../tests/conformance/start/installation.ts'
import { startEmbeddedPostgres } from '#lib/platform/db/embedded.ts'

const clean = process.argv.includes('--clean')
const rounds = Number(process.argv.slice(2).find((each) => !each.startsWith('--')) ?? 3)
if (!(rounds >= 1)) {
  console.error('usage: node bench/start.ts [rounds 1…] [--clean]')
  process.exit(2)
}
const startSecondsMax = 900

const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-bench-'))
// PostgreSQL may run as another user, who has to pass through this folder.
await chmod(folder, 0o711)
try {
  await ensureBuilt((line) => console.error(line))
  await measureFloors()
  await measureWarm()
  if (clean) await measureClean()
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
}

async function measureWarm(): Promise<void> {
  const command = [process.execPath, join(root, 'scripts', 'run.js'), 'start', '--no-demo']
  const [first, again]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const data = join(folder, `warm-${round}`)
    first.push(await firstPageMs(command, root, data))
    again.push(await firstPageMs(command, root, data))
  }
  report('new-data-folder', first)
  report('same-data-folder', again)
}

/** As after `git clone`: no packages, no build. The npm cache of the user counts, as it does for them. */
async function measureClean(): Promise<void> {
  const clone = join(folder, 'clone')
  await ended('git', ['clone', '--quiet', root, clone])
  report('clean-clone', [
    await firstPageMs(['npm', 'start', '--silent', '--', '--no-demo'], clone, join(folder, 'clean')),
  ])
  if (!existsSync(join(clone, 'node_modules'))) throw new Error('the clean clone was started without its own packages')
}

async function firstPageMs(command: readonly string[], at: string, data: string): Promise<number> {
  const ports = await freePorts()
  const startedMs = performance.now()
  const { child, output } = run(command, at, data, ports)
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${ports.web}/sign-in`
  const serves = await until(async () => child.exitCode !== null || (await statusOf(url)) === 200, startSecondsMax)
  const tookMs = performance.now() - startedMs
  const died = child.exitCode !== null
  child.kill('SIGTERM')
  await exit
  if (!serves || died) throw new Error(`${command.join(' ')} served no page:\n${output()}`)
  return tookMs
}

async function measureFloors(): Promise<void> {
  const [next, postgres]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const { web } = await freePorts()
    const startedMs = performance.now()
    const child = spawnTethered(process.execPath, nextStart('127.0.0.1', web), {
      stdio: ['ignore', 'ignore', 'ignore'],
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production' },
    })
    const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    // A static file needs neither database nor session.
    const answers = await until(async () => (await statusOf(`http://127.0.0.1:${web}/icon.svg`)) !== 0, 60)
    next.push(performance.now() - startedMs)
    child.kill('SIGTERM')
    await exit
    if (!answers) throw new Error('next start alone does not answer')
    const beganMs = performance.now()
    const running = await startEmbeddedPostgres({ dataFolder: join(folder, `floor-${round}`) })
    postgres.push(performance.now() - beganMs)
    await running.stop()
  }
  report('floor-next-start', next)
  report('floor-initdb-and-start', postgres)
}

async function ended(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve))
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}`)
}

function report(figure: string, timesMs: readonly number[]): void {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const worst = sorted.at(-1) ?? Number.NaN
  const seconds = (ms: number) => Math.round(ms / 10) / 100
  console.log(
    JSON.stringify({
      benchmark: 'start',
      figure,
      median: seconds(median),
      worst: seconds(worst),
      unit: 's',
      rounds: timesMs.length,
    }),
  )
}
