import type { Command } from 'commander'
import { withApiOptions } from './api-client.ts'
import type { RegisterModelFlags, RegisterVersionFlags } from './register.ts'

/** `quarterdeck model register`: once for each model. */
export function declareModel(program: Command): void {
  const model = program.command('model').description('registers models')
  withApiOptions(
    model
      .command('register')
      .description('makes a model that versions can be registered of; prints its id')
      .requiredOption('--name <name>', 'lower-case letters, digits and hyphens')
      .requiredOption('--title <title>', 'what people call it')
      .option('--risk <risk>', 'low, medium, high or unknown', 'medium')
      .option('--label <label...>', 'labels, by which roles can be narrowed'),
  ).action(async (flags: RegisterModelFlags) => {
    const { registerModelByApi } = await import('./register.ts')
    await registerModelByApi(flags)
  })
}

/** `quarterdeck version register`: from CI, what training made. */
export function declareVersion(program: Command): void {
  const version = program.command('version').description('registers versions of models')
  withApiOptions(
    version
      .command('register')
      .description('registers the files of a folder as a version; prints its id and their digest')
      .requiredOption('--model <name>', 'the name of the model')
      .requiredOption('--version <version>', 'its number, such as 1.4.0')
      .requiredOption('--files <folder>', 'the artefact: every file below it counts, by path, size and SHA-256')
      .requiredOption('--artifact-uri <uri>', 'where the same files are kept for serving')
      .option('--run <id>', 'the training run')
      .option('--code <revision>', 'the commit that it was trained from'),
  ).action(async (flags: RegisterVersionFlags) => {
    const { registerVersionByApi } = await import('./register.ts')
    await registerVersionByApi(flags)
  })
}
