import { type Part, runPart } from './part.ts'

const quietMsMax = 5 * 60_000

/**
 * The checks that need no test runner. The golden files, the import law and the tidy rules are tests of their own (tests/).
 * tsc writes no build information, so that two checks at once cannot disturb each other.
 */
const checks: readonly Part[] = [
  { name: 'types', command: 'tsc', args: ['-p', '.', '--incremental', 'false'], msMax: quietMsMax },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'], msMax: quietMsMax },
  { name: 'format', command: 'oxfmt', args: ['--check'], msMax: quietMsMax },
  { name: 'imports', command: 'depcruise', args: ['--config', '.dependency-cruiser.mjs', '.'], msMax: quietMsMax },
  { name: 'unused', command: 'knip', args: [], msMax: quietMsMax },
]

const outcomes = await Promise.all(
  checks.map(async (check) => {
    const outcome = await runPart(check, 'collect')
    if (outcome.problem !== undefined) process.stdout.write(`── ${check.name}\n${outcome.output.trimEnd()}\n`)
    return { check, outcome }
  }),
)

for (const { check, outcome } of outcomes) {
  const seconds = (outcome.durationMs / 1000).toFixed(1)
  process.stdout.write(
    `${outcome.problem === undefined ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)${reason(outcome.problem)}\n`,
  )
}
const failed = outcomes.filter(({ outcome }) => outcome.problem !== undefined).length
process.stdout.write(`${outcomes.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

function reason(problem: string | undefined): string {
  return problem === undefined ? '' : `: ${problem}`
}
