/**
 * Schemathesis over our OpenAPI document, against the product as a user starts it, with the bearer token of each of two roles:
 * no answer is a server error, and each has a status, a content type and a body that the document has for its operation. There
 * is one thing of each kind (things.ts), and requests name it more often than an id that nothing has.
 *
 *   node tests/conformance/fuzz/run.ts [seed]
 *
 * A fixed seed and a number of requests, not a time, end it, so that what fails once fails again; another seed may be given.
 * About five minutes; needs Python 3.10 or newer with venv, and pip the first time. The last line says "N passed, N failed": one for each operation and role.
 */
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { root } from '../../../scripts/launch.js'
import { freePorts, run, statusOf, until, userEnvironment, type Ports } from '../start/installation.ts'
import { installSchemathesis } from './install-schemathesis.ts'
import { makeThings } from './things.ts'

/** A developer, who is refused most, and an administrator, who gets furthest; her last, as she may take the other's roles. */
const roles = ['dana', 'ingrid'] as const
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]
/** What cannot happen within a gate of half an hour is a failure, not a longer run. */
const runSecondsMax = 600
const examples = 4
/** Revokes the caller's own token, so that it is asked by itself, after everything else. */
const lastOperation = 'signOutEverywhere'
/** How often a request names a thing that is there. */
const knownProbability = 0.75
const startSecondsMax = 600
const seed = process.argv[2] ?? '20010428'

const Report = z.object({
  stop_reason: z.string(),
  operations: z.object({ selected: z.number(), tested: z.number() }),
  test_cases: z.object({ generated: z.number() }),
  failures: z.array(z.looseObject({ operation: z.string().optional() })),
  errors: z.array(z.unknown()),
})
let passed = 0
let failed = 0

const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-fuzz-'))
// PostgreSQL may run as another user, who has to pass through this folder.
await chmod(folder, 0o711)
try {
  await fuzz(await installSchemathesis())
} catch (error) {
  failed += 1
  console.log(`FAIL ${error instanceof Error ? error.message : String(error)}`)
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function fuzz(schemathesis: string): Promise<void> {
  const ports = await freePorts()
  const data = join(folder, 'data')
  const { child, output } = run(['npm', 'start', '--silent', '--', '--no-demo'], root, data, ports)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    const ready = `http://127.0.0.1:${ports.web}/readyz`
    const serves = await until(async () => child.exitCode !== null || (await statusOf(ready)) === 200, startSecondsMax)
    if (!serves || child.exitCode !== null) throw new Error(`the product does not serve:\n${output().slice(-2_000)}`)
    const config = join(folder, 'schemathesis.toml')
    await writeFile(config, configOf(await things(ports, data)))
    for (const who of roles) {
      await fuzzAs(schemathesis, config, who, ports, data, ['--exclude-operation-id', lastOperation], 200)
      await fuzzAs(schemathesis, config, who, ports, data, ['--include-operation-id', lastOperation], 401)
    }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Schemathesis's own settings: a list of known ids for every parameter and field that is named as one of them. */
function configOf(known: Record<string, string>): string {
  const names = Object.keys(known)
  const lists = names.map((name) => `[dictionaries.${name}]\nvalues = ["${known[name]}"]\n`)
  const places = names.flatMap((name) =>
    ['path', 'query', 'body'].map(
      (place) => `"${place}.${name}" = { dictionary = "${name}", probability = ${knownProbability} }\n`,
    ),
  )
  return `${lists.join('')}[parameters]\n${places.join('')}`
}

async function things(ports: Ports, data: string): Promise<Record<string, string>> {
  const tokens = new Map<string, string>()
  return makeThings(async (who, method, path, body) => {
    const token = tokens.get(who) ?? (await tokenOf(who, data))
    tokens.set(who, token)
    const answer = await fetch(`http://127.0.0.1:${ports.web}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'quarterdeck-workspace': 'default',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} as ${who} was answered ${answer.status}: ${text}`)
    return JSON.parse(text) as unknown
  })
}

async function fuzzAs(
  schemathesis: string,
  config: string,
  who: string,
  ports: Ports,
  data: string,
  which: string[],
  wantedAfter: number,
): Promise<void> {
  const token = await tokenOf(who, data)
  const url = `http://127.0.0.1:${ports.web}/api/v1`
  const file = join(folder, `${who}.json`)
  const options = {
    url,
    seed,
    checks: checks.join(','),
    phases: 'coverage,fuzzing',
    'max-examples': String(examples),
    // Python's parser is not safe in several threads of Hypothesis.
    workers: '1',
    'request-timeout': '20',
    'generation-database': 'none',
    'suppress-health-check': 'all',
    warnings: 'off',
    report: 'json',
    'report-json-path': file,
  }
  const headers = [`Authorization: Bearer ${token}`, 'quarterdeck-workspace: default']
  const said = await ended(schemathesis, [
    '--config-file',
    config,
    'run',
    `${url}/openapi.json`,
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...headers.flatMap((header) => ['--header', header]),
    ...which,
    '--continue-on-failure',
    '--no-shrink',
    '--no-color',
  ])
  const report = Report.safeParse(JSON.parse((await readFile(file, 'utf8').catch(() => '')) || 'null'))
  if (!report.success)
    throw new Error(`Schemathesis gave no report for ${who} within ${runSecondsMax} s:\n${said.slice(-4_000)}`)
  const { operations, test_cases: cases, failures, errors, stop_reason: reason } = report.data
  const broken = new Set(failures.map(({ operation }) => operation ?? 'an operation')).size + errors.length
  const missed = operations.selected - operations.tested
  if (broken > 0) console.log(said.slice(said.indexOf('= FAILURES')).slice(0, 20_000))
  // Whoever can no longer act before the last operation was fuzzed out of the installation: what came afterwards tested nothing.
  const alive = await fetch(`${url}/whoami`, {
    headers: { authorization: `Bearer ${token}`, 'quarterdeck-workspace': 'default' },
  })
  await alive.arrayBuffer()
  const out = alive.status === wantedAfter ? 0 : 1
  passed += operations.tested - broken
  failed += broken + missed + out
  console.log(
    `${broken + missed + out === 0 ? 'ok  ' : 'FAIL'} ${who}: ${cases.generated} requests to ${operations.tested} of ${operations.selected} operations (${reason}), ${broken} answered what the document does not have, whoami ${alive.status}`,
  )
}

async function tokenOf(who: string, data: string): Promise<string> {
  const args = ['cli/quarterdeck.js', 'token', '--as', who, '--workspace', 'default']
  const { stdout } = await promisify(execFile)('node', args, {
    cwd: root,
    env: { ...userEnvironment(root), QUARTERDECK_DATA: data },
    timeout: 60_000,
  })
  return stdout.trim()
}

/** Everything that it said, however it ended: failures are read from its report. */
function ended(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  const limit = setTimeout(() => child.kill('SIGKILL'), runSecondsMax * 1_000)
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-400_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(limit)
      resolve(text)
    })
  })
}
