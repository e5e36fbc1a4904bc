import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type MlflowServer = {
  url: string
  /** Where its artefacts lie on this machine. */
  artifacts: string
  stop(): Promise<void>
}

type Options = {
  python: string
  args?: string[]
  env?: Record<string, string>
  /** Asked for until it answers 200, by whatever the server needs to be asked with. */
  ready?: (url: string) => Promise<boolean>
  scheme?: 'http' | 'https'
}

const readyMsMax = 90_000
export const adminPassword = 'a password for tests only'

/**
 * A real MLflow on 127.0.0.1 with a database and a folder of its own, in a process group of its own, so that none of its
 * children stays behind.
 */
export async function startMlflow(options: Options): Promise<MlflowServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-mlflow-'))
  const port = await freePort()
  const scheme = options.scheme ?? 'http'
  const url = `${scheme}://127.0.0.1:${port}`
  const artifacts = path.join(folder, 'artifacts')
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
  const store = ['--backend-store-uri', `sqlite:///${folder}/mlflow.db`, '--artifacts-destination', artifacts]
  const child = spawn(options.python, [...args, ...store, '--serve-artifacts', ...(options.args ?? [])], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(await environment(folder)), ...options.env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (said = `${said}${text}`.slice(-4_000)))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const ready = options.ready ?? answers
  const until = performance.now() + readyMsMax
  while (!(await ready(url))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop()
      throw new Error(`MLflow did not start: ${said}`)
    }
    await delay(200)
  }
  return { url, artifacts, stop }
}

export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).status === 200
  } catch {
    // It does not listen yet.
    return false
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function environment(folder: string): Promise<Record<string, string>> {
  const auth = path.join(folder, 'auth.ini')
  const lines = ['[mlflow]', 'default_permission = READ', `database_uri = sqlite:///${folder}/auth.db`]
  const admin = ['admin_username = admin', `admin_password = ${adminPassword}`]
  await writeFile(
    auth,
    [...lines, ...admin, 'authorization_function = mlflow.server.auth:authenticate_request_basic_auth', ''].join('\n'),
  )
  return {
    HOME: folder,
    MLFLOW_AUTH_CONFIG_PATH: auth,
    MLFLOW_AUTH_ADMIN_PASSWORD: adminPassword,
    MLFLOW_FLASK_SERVER_SECRET_KEY: 'a key for tests only',
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
    MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
    MLFLOW_WEBHOOK_CACHE_TTL: '1',
    // A Fernet key: 32 bytes, base64url.
    MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: `${Buffer.alloc(32, 7).toString('base64url')}=`,
  }
}
