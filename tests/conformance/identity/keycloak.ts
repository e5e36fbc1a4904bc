import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '../start/installation.ts'

const execute = promisify(execFile)
export const keycloakVersion = '26.7.3'
const admin = { user: 'admin', password: 'admin-for-tests' }
export const realm = 'quarterdeck'

export type Keycloak = {
  url: string
  issuer: string
  /** Calls the admin API below the realm. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>
  /** An access token for a program that asks with a client secret or a password. */
  token(form: Record<string, string>): Promise<string>
  stop(): Promise<void>
}

/**
 * Keycloak from Maven Central through `mvn`, and built once for a database in memory (its slow step), kept by version in the
 * user's cache.
 */
async function builtKeycloak(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'quarterdeck', 'keycloak')
  const built = join(cache, `keycloak-${keycloakVersion}-built`)
  if (existsSync(built)) return built
  await mkdir(cache, { recursive: true })
  const timeout = 900_000
  const zip = join(cache, `keycloak-${keycloakVersion}.zip`)
  if (!existsSync(zip)) {
    const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`
    const maven = (...args: string[]) => execute('mvn', ['-B', '-q', ...args], { timeout })
    await maven('dependency:get', '-Dtransitive=false', `-Dartifact=${artifact}`)
    await maven('dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`)
    await rename(join(cache, `keycloak-quarkus-dist-${keycloakVersion}.zip`), zip)
  }
  const draft = await mkdtemp(join(cache, 'draft-'))
  await execute('unzip', ['-q', zip, '-d', draft])
  const home = join(draft, `keycloak-${keycloakVersion}`)
  await execute(join(home, 'bin', 'kc.sh'), ['build', '--db=dev-mem'], { timeout })
  // Written last, so that a build that was cut off is done again.
  await rename(home, built)
  await rm(draft, { recursive: true, force: true })
  return built
}

/** The issuer that a Keycloak on that port is. */
export function keycloakIssuer(port: number): string {
  return `http://127.0.0.1:${port}/realms/${realm}`
}

/** Starts a real Keycloak with the realm imported, on loopback, its database in memory. */
export async function startKeycloak(port: number, realmDocument: unknown): Promise<Keycloak> {
  const built = await builtKeycloak()
  const work = await mkdtemp(join(tmpdir(), 'quarterdeck-keycloak-'))
  const home = join(work, 'keycloak')
  await cp(built, home, { recursive: true })
  await mkdir(join(home, 'data', 'import'), { recursive: true })
  await writeFile(join(home, 'data', 'import', 'realm.json'), JSON.stringify(realmDocument))
  const url = `http://127.0.0.1:${port}`
  let output = ''
  const options = ['--http-enabled=true', '--hostname-strict=false', '--http-host=127.0.0.1', `--http-port=${port}`]
  const child = spawn(
    join(home, 'bin', 'kc.sh'),
    ['start', '--optimized', '--import-realm', '--cache=local', ...options],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Half the time to start: the quick compiler only, as it lives for a minute.
      env: {
        ...process.env,
        JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
        KC_BOOTSTRAP_ADMIN_USERNAME: admin.user,
        KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
      },
    },
  )
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-20_000)))
  const stop = async () => {
    await stopGroup(child)
    await rm(work, { recursive: true, force: true })
  }
  const issuer = keycloakIssuer(port)
  const ready = await until(async () => child.exitCode !== null || (await answers(issuer)), 480)
  if (!ready || child.exitCode !== null) {
    await stop()
    throw new Error(`Keycloak did not start:\n${output}`)
  }
  return { url, issuer, stop, admin: (...call) => callAdmin(url, ...call), token: (form) => tokenOf(issuer, form) }
}

async function answers(issuer: string): Promise<boolean> {
  try {
    return (await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) })).ok
  } catch {
    // Not listening yet.
    return false
  }
}

async function tokenOf(issuer: string, form: Record<string, string>): Promise<string> {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  const body = (await answer.json()) as { access_token?: string; error_description?: string }
  if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`)
  return body.access_token
}

async function callAdmin(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const { user: username, password } = admin
  const grant = { grant_type: 'password', client_id: 'admin-cli', username, password }
  const token = await tokenOf(`${url}/realms/master`, grant)
  const answer = await fetch(`${url}/admin/realms/${realm}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}

/** Ends a process that leads a group, and what it started; waits until it is gone. */
export async function stopGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  process.kill(-child.pid, signal)
  const gone = await until(() => child.exitCode !== null || child.signalCode !== null, 30)
  if (!gone) process.kill(-child.pid, 'SIGKILL')
}
