import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { statusOf, until, type Ports } from '../start/installation.ts'
import { stopGroup } from './keycloak.ts'

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

export type Answer = { status: number; body: Record<string, unknown> }
export type Product = {
  origin: string
  /** Calls the API below /api/v1 with a bearer token. */
  call(method: string, path: string, token: string, body?: unknown, workspace?: string): Promise<Answer>
  /** A token of a local persona. */
  persona(name: string, workspace: string): Promise<string>
  stop(): Promise<void>
}

/** Starts this clone as a user does, with a file of issuers beside it. */
export async function startProduct(ports: Ports, issuers: string, secrets: Record<string, string>): Promise<Product> {
  const work = await mkdtemp(join(tmpdir(), 'quarterdeck-identity-'))
  await chmod(work, 0o711)
  const file = join(work, 'issuers.yaml')
  await writeFile(file, issuers)
  const origin = `http://localhost:${ports.web}`
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...secrets,
    QUARTERDECK_ISSUERS: file,
    QUARTERDECK_DATA: join(work, 'data'),
    QUARTERDECK_ORIGIN: origin,
    PORT: String(ports.web),
    INGEST_PORT: String(ports.ingest),
    AGENT_GATEWAY_PORT: String(ports.gateway),
    AGENT_ADMIN_PORT: String(ports.admin),
  }
  const main = join(root, 'cli', 'main.ts')
  let output = ''
  const child = spawn(process.execPath, [main, 'start', '--no-demo'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-40_000)))
  let stopping = false
  child.once('exit', (code, signal) => {
    if (!stopping) console.error(`Quarterdeck ended by itself (${code ?? signal}):\n${output}`)
  })
  const stop = async () => {
    stopping = true
    await stopGroup(child)
    await rm(work, { recursive: true, force: true })
  }
  const ready = await until(async () => child.exitCode !== null || (await statusOf(`${origin}/readyz`)) === 200, 900)
  if (!ready || child.exitCode !== null) {
    await stop()
    throw new Error(`Quarterdeck did not start:\n${output}`)
  }
  return {
    origin,
    stop,
    call: (...args) => call(origin, ...args),
    persona: (name, workspace) => outputOf(spawnToken(main, env, name, workspace)),
  }
}

async function call(
  origin: string,
  method: string,
  path: string,
  token: string,
  body?: unknown,
  workspace = 'default',
): Promise<Answer> {
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'quarterdeck-workspace': workspace,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

function spawnToken(main: string, env: NodeJS.ProcessEnv, name: string, workspace: string): ChildProcess {
  return spawn(process.execPath, [main, 'token', '--as', name, '--workspace', workspace], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  await new Promise((resolve) => child.once('close', resolve))
  return text.trim()
}
