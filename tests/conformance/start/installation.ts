import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Ports = { web: number; ingest: number; gateway: number; admin: number }
export type Installation = {
  data: string
  ports: Ports
  env: Record<string, string>
  child: ChildProcess
  output: () => string
}
export type FoundProcess = { pid: number; command: string }

/** Four ports that nobody listens on now. */
export async function freePorts(): Promise<Ports> {
  const [web, ingest, gateway, admin] = [await freePort(), await freePort(), await freePort(), await freePort()]
  return { web, ingest, gateway, admin }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Runs a command of the clone as a user would, in a process group of its own. */
export function run(
  command: readonly string[],
  root: string,
  data: string,
  ports: Ports,
  more: Record<string, string> = {},
): Installation {
  const env = {
    QUARTERDECK_DATA: data,
    PORT: String(ports.web),
    INGEST_PORT: String(ports.ingest),
    AGENT_GATEWAY_PORT: String(ports.gateway),
    AGENT_ADMIN_PORT: String(ports.admin),
    ...more,
  }
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: root,
    env: { ...userEnvironment(root), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-40_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return { data, ports, env, child, output: () => text }
}

/** Every process of the installation on that data folder: by its environment, or by its command line (PostgreSQL). */
export function processesOf(data: string): FoundProcess[] {
  const found: FoundProcess[] = []
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    const pid = Number(name)
    const command = readProc(pid, 'cmdline').replaceAll('\0', ' ').trim()
    const environment = readProc(pid, 'environ')
    if (pid === process.pid || command === '') continue
    if (environment.split('\0').includes(`QUARTERDECK_DATA=${data}`) || command.includes(data))
      found.push({ pid, command })
  }
  return found
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    // It ended while we looked, or it is not ours to read.
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))
    )
      return ''
    throw error
  }
}

/** Waits until the question is answered yes, asking again and again. False when it was not within the bound. */
export async function until(question: () => Promise<boolean> | boolean, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    if (await question()) return true
    if (performance.now() > deadline) return false
    await delay(50)
  }
}

/** The status of an address, 0 when nothing answers. */
export async function statusOf(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000), redirect: 'manual' })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 0
  }
}

/** What a user's shell has: the machine's own Node first, not that of this clone, with which we may be running. */
export function userEnvironment(root: string): NodeJS.ProcessEnv {
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((part) => part !== join(root, 'node_modules', '.bin'))
    .join(delimiter)
  return { ...process.env, PATH }
}
