import type { Command } from 'commander'
import { withApiOptions } from './api-client.ts'
import type { VersionFlags } from './card-files.ts'

/** `quarterdeck card`: model cards as files, into and out of a version, and whether a file is complete. */
export function declareCard(program: Command): void {
  const card = program.command('card').description('imports, exports and checks Hugging Face model cards')
  withApiOptions(
    card
      .command('import')
      .description('makes the file the card of a version')
      .argument('<file>', 'a README.md with YAML front matter, or - for standard input')
      .option('--version-id <id>', 'the version, mv_…; or name it:')
      .option('--model <name>', 'the name of the model')
      .option('--version <version>', 'the version, such as 1.4.0')
      .requiredOption('--reason <text>', 'why the card changes')
      .option('--expect <digest>', 'refuse when the present card is another than this'),
  ).action(async (file: string, flags: VersionFlags & { reason: string; expect?: string }) => {
    const { importCard } = await import('./card-files.ts')
    await importCard(file, flags)
  })
  withApiOptions(
    card
      .command('export')
      .description('writes the card of a version, byte for byte')
      .option('--version-id <id>', 'the version, mv_…; or name it:')
      .option('--model <name>', 'the name of the model')
      .option('--version <version>', 'the version, such as 1.4.0')
      .option('--revision <number>', 'an earlier revision; 0 came with the version')
      .option('--out <file>', 'where to; standard output when left out'),
  ).action(async (flags: VersionFlags & { revision?: string; out?: string }) => {
    const { exportCard } = await import('./card-files.ts')
    await exportCard(flags)
  })
  card
    .command('check')
    .description('exit code 0: the file has all that policies/cards asks for; 1: what is missing, one a line')
    .argument('<file>', 'a card, or - for standard input')
    .option('--risk <risk>', 'of the model: low, medium or high', 'medium')
    .action(async (file: string, flags: { risk: string }) => {
      const { checkCardFile } = await import('./card-files.ts')
      process.exitCode = await checkCardFile(file, flags)
    })
}
