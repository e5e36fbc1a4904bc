import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { chromiumPath } from './chromium.ts'
import { root } from './launch.js'
import { type Outcome, runPart } from './part.ts'

export type Count = { readonly passed: number; readonly failed: number }

const reportFolder = join(root, 'var', 'reports')

/** Tells stories of tests/e2e in a browser (`args` choose which, none means all) and counts how many came out as told. */
export async function tellStories(args: readonly string[], msMax: number): Promise<Count> {
  const file = reportFile('playwright')
  const env = { CHROMIUM_PATH: await chromiumPath(), PLAYWRIGHT_JSON_OUTPUT_NAME: file }
  const outcome = await runPart(
    { name: 'stories', command: 'playwright', args: ['test', ...args, '--config', 'tests/e2e'], msMax, env },
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
export function honest(name: string, outcome: Outcome, count: Count | undefined): Count {
  if (count === undefined || (outcome.problem !== undefined && count.failed === 0)) {
    process.stdout.write(`${name}: ${outcome.problem ?? 'ended without a report'}: counted as a failure\n`)
    return { passed: count?.passed ?? 0, failed: 1 }
  }
  return count
}

/** A path that no earlier run has written: an old report must not speak for a run that crashed. */
export function reportFile(name: string): string {
  mkdirSync(reportFolder, { recursive: true })
  return join(reportFolder, `${name}-${process.pid}-${Math.trunc(performance.timeOrigin)}.json`)
}

export function readReport(file: string): unknown {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
