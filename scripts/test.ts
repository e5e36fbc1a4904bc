import { join } from 'node:path'
import { z } from 'zod'
import { root } from './launch.js'
import { runPart } from './part.ts'
import { type Count, honest, readReport, reportFile, tellStories } from './stories.ts'

const minuteMs = 60_000

process.chdir(root)
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

/** The stories in a browser; tests/conformance/story tells that of the demonstration too, which takes minutes. */
async function stories(): Promise<Count> {
  heading('stories')
  return await tellStories(['--project', 'console'], 20 * minuteMs)
}

function heading(name: string): void {
  process.stdout.write(`\n== ${name}\n`)
}
