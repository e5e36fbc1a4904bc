import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { declarations } from './commands.ts'

await main(process.argv.slice(2))

/** Runs one command. Exit codes: 0 done, 1 the command failed, 2 it was called wrongly or given bad input. */
async function main(args: readonly string[]): Promise<void> {
  const program = new Command('quarterdeck')
    .description('The control plane from which machine-learning models are governed and observed.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(quarterdeck help lists the commands)')
    .exitOverride()
  for (const declare of declarations) declare(program)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message; help and version end with 0, every misuse with 2.
      process.exitCode = error.exitCode === 0 ? 0 : 2
      return
    }
    // These say what to do; a stack would only hide it.
    if (!(error instanceof Error) || !['ConfigError', 'QuarterdeckError'].includes(error.name)) throw error
    process.stderr.write(`quarterdeck: ${error.message}\n`)
    process.exitCode = error.name === 'ConfigError' ? 2 : 1
  }
}

function version(): string {
  const file = join(import.meta.dirname, '..', 'package.json')
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
}
