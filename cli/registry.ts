import type { Command } from 'commander'
import { withApiOptions, type ApiFlags } from './api-client.ts'
import type { ConnectFlags } from './run-registry.ts'

/** `quarterdeck registry`: connects an MLflow server, shows what it has, imports models and says how far it is. */
export function declareRegistry(program: Command): void {
  const registry = program.command('registry').description('model registries outside: MLflow')
  withApiOptions(
    registry
      .command('connect')
      .description(
        'connects an MLflow server; its password or token is taken from QUARTERDECK_REGISTRY_SECRET, where it needs one',
      )
      .requiredOption('--name <name>', 'what the connection is called here')
      .requiredOption('--mlflow <url>', 'the address of the tracking server')
      .option('--username <name>', 'for basic authentication; without it the secret is a bearer token')
      .option('--ca-file <file>', 'PEM of the authority that issued its certificate')
      .option('--upstream-workspace <name>', "MLflow's own workspace, where its server has several")
      .option('--put-back', 'put aliases back that somebody moves there'),
  ).action(async (flags: ConnectFlags) => {
    const { connect } = await import('./run-registry.ts')
    process.exitCode = await connect(flags)
  })
  withApiOptions(
    registry.command('list').description('the connections, how each is, and how much of it is here'),
  ).action(async (flags: ApiFlags) => {
    const { list } = await import('./run-registry.ts')
    await list(flags)
  })
  const named = (name: string, description: string) =>
    withApiOptions(registry.command(name).description(description).argument('<registry>', 'its name or id'))
  named('test', 'asks the registry again; exit code 1 when it does not answer').action(
    async (which: string, flags: ApiFlags) => {
      const { test } = await import('./run-registry.ts')
      process.exitCode = await test(which, flags)
    },
  )
  named('models', 'what the registry shows').action(async (which: string, flags: ApiFlags) => {
    const { models } = await import('./run-registry.ts')
    await models(which, flags)
  })
  named('import', 'imports every version of these models, now and as they come')
    .argument('<models...>', 'names as the registry has them')
    .action(async (which: string, names: string[], flags: ApiFlags) => {
      const { importModels } = await import('./run-registry.ts')
      await importModels(which, names, flags)
    })
  named('disable', 'ends the connection; what was imported stays')
    .requiredOption('--reason <reason>', 'why')
    .action(async (which: string, flags: ApiFlags & { reason: string }) => {
      const { disable } = await import('./run-registry.ts')
      await disable(which, flags)
    })
}
