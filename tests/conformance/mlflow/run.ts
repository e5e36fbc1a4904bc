/**
 * The MLflow adapter and the synchronisation against a real MLflow server, which is installed into a cache of the user.
 *
 *   npm run test:mlflow
 *
 * The last line says "N passed, N failed".
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mlflowPython } from './python.ts'
import { startMlflow } from './server.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')
const work = await mkdtemp(path.join(tmpdir(), 'quarterdeck-mlflow-suite-'))
try {
  const python = await mlflowPython()
  const server = await startMlflow({ python })
  try {
    await runTests({ QUARTERDECK_TEST_MLFLOW: server.url, QUARTERDECK_TEST_MLFLOW_PYTHON: python })
  } finally {
    await server.stop()
  }
  const report = JSON.parse(await readFile(path.join(work, 'report.json'), 'utf8')) as Report
  // A file that failed before its first test counts too.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const failed = report.numFailedTests + broken
  console.log(`${report.numPassedTests} passed, ${failed} failed`)
  process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1
} finally {
  await rm(work, { recursive: true, force: true })
}

type Report = {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

async function runTests(env: Record<string, string>): Promise<void> {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const config = path.join(import.meta.dirname, 'vitest.config.ts')
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${path.join(work, 'report.json')}`]
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  await new Promise<void>((resolve) => child.once('exit', () => resolve()))
}
