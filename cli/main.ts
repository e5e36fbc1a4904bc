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
    // What follows a command's name is the command's: `gate --version 7.0.0` must not be taken for the question above,
    // which ends with 0.
    .enablePositionalOptions()
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
    if (unreadable(error)) {
      process.stderr.write(`quarterdeck: ${error.path} cannot be used: ${error.message}\n`)
      process.exitCode = 2
      return
    }
    // These say what to do; a stack would only hide it.
    if (!(error instanceof Error) || !['ConfigError', 'QuarterdeckError'].includes(error.name)) throw error
    process.stderr.write(`quarterdeck: ${error.message}\n`)
    process.exitCode = error.name === 'ConfigError' ? 2 : 1
  }
}

/** A file that was named and is not there, is a folder, may not be read or is in the way: the caller's slip, not a defect. */
function unreadable(error: unknown): error is NodeJS.ErrnoException & { path: string } {
  const codes = ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'EEXIST']
  return error instanceof Error && 'path' in error && 'code' in error && codes.includes(String(error.code))
}

function version(): string {
  const file = join(import.meta.dirname, '..', 'package.json')
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
}
