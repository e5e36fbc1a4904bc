import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { chromiumPath } from './chromium.ts'
import { root } from './launch.js'
import { type Outcome, runPart } from './part.ts'

type Count = { readonly passed: number; readonly failed: number }

const minuteMs = 60_000
const reportFolder = join(root, 'var', 'reports')

process.chdir(root)
mkdirSync(reportFolder, { recursive: true })
const counts = [await check(), await vitest(), await stories()]
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function check(): Promise<Count> {
  heading('check')
  const outcome = await runPart(
    { name: 'check', command: join(root, 'scripts', 'check.ts'), args: [], msMax: 8 * minuteMs },
    'stream',
  )
  const line = /^(\d+) passed, (\d+) failed$/m.exec(outcome.output)
  return honest('check', outcome, line === null ? undefined : { passed: Number(line[1]), failed: Number(line[2]) })
}

async function vitest(): Promise<Count> {
  heading('vitest')
  const file = reportFile('vitest')
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const outcome = await runPart({ name: 'vitest', command: 'vitest', args, msMax: 20 * minuteMs }, 'stream')
  const report = z
    .object({
      numPassedTests: z.number(),
      numFailedTests: z.number(),
      testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
    })
    .safeParse(readReport(file))
  if (!report.success) return honest('vitest', outcome, undefined)
  // A file that fails before its first test has no test to count.
  const brokenFiles = report.data.testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.length === 0,
  ).length
  return honest('vitest', outcome, {
    passed: report.data.numPassedTests,
    failed: report.data.numFailedTests + brokenFiles,
  })
}

/** The stories in a browser; there are none before there is a console to tell them about. */
async function stories(): Promise<Count> {
  if (globSync('tests/e2e/**/*.spec.ts', { cwd: root }).length === 0) return { passed: 0, failed: 0 }
  heading('stories')
  const file = reportFile('playwright')
  const env = { CHROMIUM_PATH: await chromiumPath(), PLAYWRIGHT_JSON_OUTPUT_NAME: file }
  const outcome = await runPart(
    // The stories that several people or a running demonstration take part in are told by "npm run test:story".
    {
      name: 'stories',
      command: 'playwright',
      args: ['test', 'borders', 'audit-export', 'pages', '--config', 'tests/e2e', '--project', 'console'],
      msMax: 20 * minuteMs,
      env,
    },
    'stream',
  )
  const report = z
    .object({ stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }) })
    .safeParse(readReport(file))
  if (!report.success) return honest('stories', outcome, undefined)
  // A story that passes only when it is repeated has failed once.
  const { expected, unexpected, flaky } = report.data.stats
  return honest('stories', outcome, { passed: expected, failed: unexpected + flaky })
}

/** A part that crashed, was ended or told nothing counts as one failure, whatever it said before. */
function honest(name: string, outcome: Outcome, count: Count | undefined): Count {
  if (count === undefined || (outcome.problem !== undefined && count.failed === 0)) {
    process.stdout.write(`${name}: ${outcome.problem ?? 'ended without a report'}: counted as a failure\n`)
    return { passed: count?.passed ?? 0, failed: 1 }
  }
  return count
}

function heading(name: string): void {
  process.stdout.write(`\n== ${name}\n`)
}

/** A path that no earlier run has written: an old report must not speak for a run that crashed. */
function reportFile(name: string): string {
  return join(reportFolder, `${name}-${process.pid}-${Math.trunc(performance.timeOrigin)}.json`)
}

function readReport(file: string): unknown {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
