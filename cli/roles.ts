import type { Command } from 'commander'

/** `quarterdeck web|worker|ingest|agent`: one role by itself, any number of each, against DATABASE_URL. */
export function declareRoles(program: Command): void {
  program
    .command('web')
    .description('the console and the HTTP API (PORT); needs DATABASE_URL and QUARTERDECK_SECRET')
    .action(async () => (await import('./web.ts')).runWeb())
  program
    .command('worker')
    .description('the reconcilers and jobs; any number of workers share the work')
    .action(() => traced('worker', async () => (await import('./worker.ts')).runWorker()))
  program
    .command('ingest')
    .description('the telemetry server (INGEST_PORT)')
    .action(() => traced('ingest', async () => (await import('./ingest.ts')).runIngest()))
  program
    .command('agent')
    .description('the local data plane: gateway and model servers')
    .action(async () => (await import('./agent.ts')).runLocalAgent())
  program
    .command('migrate')
    .description('brings the schema of DATABASE_URL up to date and ends')
    .action(async () => (await import('./migrate.ts')).runMigrate())
}

// Before the role is imported: the database driver must be instrumented when it is loaded.
async function traced(role: string, run: () => Promise<void>): Promise<void> {
  const [{ readConfig }, { startTracing }] = await Promise.all([
    import('#lib/platform/config.ts'),
    import('#lib/platform/tracing.ts'),
  ])
  const stop = await startTracing(readConfig(), role)
  await run()
  await stop()
}
