import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

type Report = {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

const root = path.join(import.meta.dirname, '..', '..')

/**
 * Runs the tests of a vitest configuration, prints the line `N passed, N failed` and sets the exit code. Arguments of this
 * process go on to vitest.
 */
export async function runVitestSuite(config: string, env: Readonly<Record<string, string>>): Promise<void> {
  const work = await mkdtemp(path.join(tmpdir(), 'quarterdeck-suite-'))
  try {
    const file = path.join(work, 'report.json')
    await runTests(config, ['--reporter=verbose', '--reporter=json', `--outputFile.json=${file}`], env)
    const report = JSON.parse(await readFile(file, 'utf8')) as Report
    // A file that failed before its first test counts too.
    const broken = report.testResults.filter(
      (each) => each.status === 'failed' && each.assertionResults.length === 0,
    ).length
    const failed = report.numFailedTests + broken
    console.log(`${report.numPassedTests} passed, ${failed} failed`)
    process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function runTests(config: string, reporters: string[], env: Readonly<Record<string, string>>): Promise<void> {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  await new Promise<void>((resolve) => child.once('exit', () => resolve()))
}
