/**
 * Starts the built product on a data folder and free ports of its own, says on standard output where it is, and ends it and
 * removes the folder when its standard input ends: when it is told so, and also when whoever started it was killed.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { root, signalGroup, spawnTethered } from '../../../scripts/launch.js'
import { freePorts, statusOf } from '../../conformance/start/installation.ts'

/** A build of the console and a new database come before the first page. */
const serveMsMax = 300_000
const stopMsMax = 30_000

const data = mkdtempSync(join(tmpdir(), 'quarterdeck-stories-'))
// PostgreSQL may run as another user, who has to pass through this folder.
chmodSync(data, 0o711)
const ports = await freePorts()
const origin = `http://127.0.0.1:${ports.web}`
const env = {
  ...process.env,
  QUARTERDECK_DATA: data,
  PORT: String(ports.web),
  INGEST_PORT: String(ports.ingest),
  AGENT_GATEWAY_PORT: String(ports.gateway),
  AGENT_ADMIN_PORT: String(ports.admin),
}
const product = spawnTethered(process.execPath, [join(root, 'cli', 'main.ts'), 'start', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env,
  cwd: root,
})
product.stdout?.pipe(process.stderr)
const ended = new Promise<void>((resolve) => product.on('exit', () => resolve()))
const told = new Promise<void>((resolve) => process.stdin.on('end', resolve).resume())
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.stdin.destroy())

const serving = await Promise.race([untilServing(), ended.then(() => false), told.then(() => false)])
if (serving) {
  process.stdout.write(`${JSON.stringify({ origin, data, gateway: `http://127.0.0.1:${ports.gateway}` })}\n`)
  await Promise.race([ended, told])
} else process.exitCode = 1
await stop()
rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
process.exit()

async function untilServing(): Promise<boolean> {
  const deadline = performance.now() + serveMsMax
  while (performance.now() < deadline) {
    if ((await statusOf(`${origin}/healthz`)) === 200) return true
    await delay(100)
  }
  return false
}

async function stop(): Promise<void> {
  product.kill('SIGTERM')
  const force = setTimeout(() => signalGroup(product.pid, 'SIGKILL'), stopMsMax)
  await ended
  clearTimeout(force)
}
