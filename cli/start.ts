import type { Command } from 'commander'

/** `quarterdeck start`, which `npm start` runs: everything on one machine. */
export function declareStart(program: Command): void {
  program
    .command('start')
    .description('everything on this machine: database, console and API, worker, telemetry, data plane and the demo')
    .option('--no-demo', 'start empty')
    .action(async (options: { demo: boolean }) => (await import('./run-start.ts')).runStart(options))
}
