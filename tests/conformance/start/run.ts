/**
 * Starts this clone as a user does and treats it badly: every process is killed by SIGKILL in turn, the launcher and the
 * supervisor too, the whole is stopped and started again, and the same with DATABASE_URL, web and two workers apart. Each
 * time: it serves again, no process stays behind, and every acknowledged write is there once, with its audit entry.
 *
 *   node tests/conformance/start/run.ts
 *
 * Linux only (it reads /proc). The last line says "N passed, N failed".
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '#lib/platform/db/embedded.ts'
import {
  freePorts,
  processesOf,
  run,
  statusOf,
  until,
  userEnvironment,
  type Installation,
  type Ports,
} from './installation.ts'

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const results: boolean[] = []
const record = (name: string, ok: boolean, detail = ''): void => {
  results.push(ok)
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${detail === '' ? '' : `: ${detail}`}`)
}

const npmStart = ['npm', 'start', '--', '--no-demo'] as const

/** What is killed, by what its command line says; `next` names its process by itself. */
const victims = [
  { name: 'worker', is: /main\.ts worker/ },
  { name: 'ingest', is: /main\.ts ingest/ },
  { name: 'agent', is: /main\.ts agent/ },
  { name: 'web', is: /next-server|next start|bin\/next/ },
  { name: 'postgres', is: /native\/bin\/postgres -D/ },
] as const

await main()

async function main(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'quarterdeck-start-'))
  // As root PostgreSQL runs as another user, who must be able to pass.
  await chmod(work, 0o711)
  try {
    await embedded(join(work, 'embedded'))
    await apart(join(work, 'apart'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const failed = results.filter((ok) => !ok).length
  console.log(`${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && results.length > 0 ? 0 : 1
}

async function embedded(data: string): Promise<void> {
  const ports = await freePorts()
  let installation = await started('first start', npmStart, data, ports)
  const token = await tokenOf(data)
  const writer = startWriting(ports, token)
  for (const victim of victims) {
    const before = processesOf(data).filter((p) => victim.is.test(p.command))
    for (const { pid } of before.slice(0, 1)) process.kill(pid, 'SIGKILL')
    record(`${victim.name} was there to be killed`, before.length > 0)
    const back = await until(() => serves(ports), 60)
    record(`all serves again after kill -9 of ${victim.name}`, back, back ? '' : said(installation))
  }
  await writer.stop()
  record(
    'every acknowledged write is there once, with its entry',
    await written(ports, token, writer.acknowledged()),
    `${writer.acknowledged()} writes`,
  )

  await killed(installation, /main\.ts start|run\.js start/, 'supervisor')
  installation = await started('second start, warm', npmStart, data, ports)
  await killed(installation, /run\.js start/, 'launcher')
  installation = await started('third start', npmStart, data, ports)
  record('nothing was lost by the kills', await written(ports, await tokenOf(data), writer.acknowledged()))
  if (installation.child.pid) process.kill(-installation.child.pid, 'SIGINT')
  record('Ctrl-C ends everything', await until(() => processesOf(data).length === 0, 40), stillThere(data))
}

/** DATABASE_URL: a PostgreSQL beside it, ingest, web and two workers as processes of their own. */
async function apart(data: string): Promise<void> {
  const ports = await freePorts()
  const postgres = await startEmbeddedPostgres({ dataFolder: join(data, 'postgres') })
  const env = { DATABASE_URL: postgres.url, QUARTERDECK_SECRET: randomUUID() + randomUUID(), QUARTERDECK_PERSONAS: '1' }
  const role = (name: string) => run(['node', 'cli/quarterdeck.js', name], root, data, ports, env)
  const roles = [role('web'), role('ingest'), role('worker'), role('worker'), role('agent')]
  try {
    record(
      'web, ingest and agent serve against DATABASE_URL',
      await until(() => serves(ports), 90),
      roles
        .map((r) => r.output().slice(-200))
        .join(' | ')
        .replaceAll('\n', ' '),
    )
    // A token names the origin that it is for: beside DATABASE_URL the command is told like any other role.
    const token = await tokenOf(data, { ...env, PORT: String(ports.web) })
    const writer = startWriting(ports, token)
    await until(() => writer.acknowledged() >= 20, 30)
    const worker = processesOf(data).find((p) => /main\.ts worker/.test(p.command))
    if (worker) process.kill(worker.pid, 'SIGKILL')
    await until(() => writer.acknowledged() >= 40, 30)
    await writer.stop()
    record(
      'with one of two workers killed, every write is there once and in the log',
      await written(ports, token, writer.acknowledged()),
      `${writer.acknowledged()} writes`,
    )
  } finally {
    for (const { child } of roles) child.kill('SIGTERM')
    record(
      'the roles end when they are told',
      await until(() => processesOf(data).every((p) => p.command.includes('postgres')), 40),
      stillThere(data),
    )
    await postgres.stop()
  }
}

async function started(name: string, command: readonly string[], data: string, ports: Ports): Promise<Installation> {
  const startedMs = performance.now()
  const installation = run(command, root, data, ports)
  const asked = await until(
    async () =>
      (await statusOf(`http://127.0.0.1:${ports.web}/sign-in`)) === 200 || installation.child.exitCode !== null,
    120,
  )
  const page = asked && installation.child.exitCode === null
  const seconds = (performance.now() - startedMs) / 1000
  record(
    `${name}: the first page`,
    page,
    page ? `after ${seconds.toFixed(1)} s` : installation.output().slice(-600).replaceAll('\n', ' | '),
  )
  record(`${name}: everything serves`, await until(() => serves(ports), 60))
  return installation
}

async function killed(installation: Installation, is: RegExp, name: string): Promise<void> {
  // The innermost: under a Node that is new enough the launcher goes on as the supervisor, in one process.
  const victim = processesOf(installation.data).findLast((p) => is.test(p.command))
  if (victim) process.kill(victim.pid, 'SIGKILL')
  record(`the ${name} was there to be killed`, victim !== undefined)
  record(
    `kill -9 of the ${name} leaves no process`,
    await until(() => processesOf(installation.data).length === 0, 40),
    stillThere(installation.data),
  )
}

function said(installation: Installation): string {
  return installation.output().slice(-600).replaceAll('\n', ' | ')
}

function stillThere(data: string): string {
  return processesOf(data)
    .map((p) => `${p.pid} ${p.command.slice(0, 80)}`)
    .join(' | ')
}

async function serves(ports: Ports): Promise<boolean> {
  const urls = [
    `http://127.0.0.1:${ports.web}/readyz`,
    `http://127.0.0.1:${ports.ingest}/readyz`,
    `http://127.0.0.1:${ports.admin}/readyz`,
  ]
  return (await Promise.all(urls.map(statusOf))).every((status) => status === 200)
}

async function tokenOf(data: string, env: Record<string, string> = {}): Promise<string> {
  const args = ['cli/quarterdeck.js', 'token', '--as', 'dana', '--workspace', 'default']
  const { stdout } = await promisify(execFile)('node', args, {
    cwd: root,
    env: { ...userEnvironment(root), QUARTERDECK_DATA: data, ...env },
    timeout: 60_000,
  })
  return stdout.trim()
}

type Writer = { stop(): Promise<void>; acknowledged(): number }

/** Registers models one after another; each is sent with the same idempotency key until it is acknowledged. */
function startWriting(ports: Ports, token: string): Writer {
  let stopping = false
  let acknowledged = 0
  const write = async () => {
    while (!stopping) {
      const name = `m-${randomUUID().slice(0, 13)}`
      const sent = await until(async () => {
        const status = await post(ports, token, name)
        if (status === 201) acknowledged += 1
        return status === 201 || (stopping && status === 0)
      }, 120)
      if (!sent) throw new Error(`a write was not acknowledged for two minutes: ${name}`)
    }
  }
  const done = write()
  return {
    acknowledged: () => acknowledged,
    stop: async () => {
      stopping = true
      await done
    },
  }
}

function headers(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'quarterdeck-workspace': 'default' }
}

async function post(ports: Ports, token: string, name: string): Promise<number> {
  try {
    const answer = await fetch(`http://127.0.0.1:${ports.web}/api/v1/models`, {
      method: 'POST',
      headers: { ...headers(token), 'idempotency-key': name },
      body: JSON.stringify({ name, title: name }),
      signal: AbortSignal.timeout(5_000),
    })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 0
  }
}

/** As many models as were acknowledged, and the log has grown to hold an entry for each. */
async function written(ports: Ports, token: string, count: number): Promise<boolean> {
  let models = 0
  let cursor = ''
  for (let page = 0; page < 1000; page++) {
    const answer = await fetch(`http://127.0.0.1:${ports.web}/api/v1/models?limit=200${cursor}`, {
      headers: headers(token),
    })
    const { items, nextCursor } = (await answer.json()) as { items: unknown[]; nextCursor: string | null }
    models += items.length
    if (nextCursor === null) break
    cursor = `&cursor=${nextCursor}`
  }
  const sequenced = await until(async () => {
    const checkpoint = await fetch(`http://127.0.0.1:${ports.web}/audit/log/checkpoint`)
    return Number((await checkpoint.text()).split('\n')[1]) >= count
  }, 20)
  if (models !== count) console.log(`     ${models} models, ${count} acknowledged`)
  return models === count && sequenced
}
