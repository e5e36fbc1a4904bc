/**
 * Schemathesis over our OpenAPI document, against the product as a user starts it, with the bearer token of each of two roles:
 * no answer is a server error, and each has a status, a content type and a body that the document has for its operation.
 *
 *   node tests/conformance/fuzz/run.ts [seed]
 *
 * A fixed seed, so that what fails once fails again; another one may be given. About three minutes; needs Python 3.10 or newer
 * with venv, and pip the first time. The last line says "N passed, N failed": one for each operation and role.
 */
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { root } from '../../../scripts/launch.js'
import { freePorts, run, statusOf, until, userEnvironment, type Ports } from '../start/installation.ts'
import { installSchemathesis } from './install-schemathesis.ts'

/** An administrator, who gets furthest, and a developer, who is refused most. */
const roles = ['ingrid', 'dana'] as const
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]
const runSecondsMax = 95
const startSecondsMax = 300
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
    for (const who of roles) await fuzzAs(schemathesis, who, ports, data)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function fuzzAs(schemathesis: string, who: string, ports: Ports, data: string): Promise<void> {
  const token = await tokenOf(who, data)
  const url = `http://127.0.0.1:${ports.web}/api/v1`
  const file = join(folder, `${who}.json`)
  const options = {
    url,
    seed,
    checks: checks.join(','),
    phases: 'coverage,fuzzing',
    'max-time': String(runSecondsMax),
    'max-examples': '4',
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
    'run',
    `${url}/openapi.json`,
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...headers.flatMap((header) => ['--header', header]),
    '--continue-on-failure',
    '--no-shrink',
    '--no-color',
  ])
  const report = Report.safeParse(JSON.parse(await readFile(file, 'utf8').catch(() => 'null')))
  if (!report.success) throw new Error(`Schemathesis gave no report for ${who}:\n${said.slice(-4_000)}`)
  const { operations, test_cases: cases, failures, errors, stop_reason: reason } = report.data
  const broken = new Set(failures.map(({ operation }) => operation ?? 'an operation')).size + errors.length
  const missed = operations.selected - operations.tested
  if (broken > 0) console.log(said.slice(said.indexOf('FAILURES')).slice(0, 20_000))
  // Whoever can no longer act was fuzzed out of the installation: what came afterwards tested nothing.
  const alive = await fetch(`${url}/whoami`, {
    headers: { authorization: `Bearer ${token}`, 'quarterdeck-workspace': 'default' },
  })
  await alive.arrayBuffer()
  const out = alive.status === 200 ? 0 : 1
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
  const limit = setTimeout(() => child.kill('SIGKILL'), (runSecondsMax + 60) * 1_000)
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
