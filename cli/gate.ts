import type { Command } from 'commander'
import type { GateFlags } from './run-gate.ts'

/** `quarterdeck gate`: asks a server whether a pipeline may go on. */
export function declareGate(program: Command): void {
  program
    .command('gate')
    .description('exit code 0: approved, the attestation is written; 1: not approved, with reasons; 2: cannot tell')
    .requiredOption('--model <name>', 'the model')
    .option('--digest <sha256>', 'the version by its digest: sha256:…')
    .option('--version <version>', 'the version by its number')
    .requiredOption('--env <name>', 'the environment that it is to serve in')
    .option('--url <origin>', 'the installation; else QUARTERDECK_URL')
    .option('--workspace <name>', 'where the token has several')
    .option('--output <format>', 'text, sarif or junit', 'text')
    .option('--attestation <file>', 'where the signed decision is written', 'quarterdeck-decision.dsse.json')
    .option('--trust <file>', 'the trust file: then the decision is verified before it is believed')
    .option('--demo', 'with --trust: accepts what local personas did')
    .option('--token-file <file>', 'a file that holds the token, such as a projected one; else QUARTERDECK_TOKEN')
    .option('--timeout <seconds>', 'how long in all, 1 to 600', '30')
    .addHelpText('after', '\nThe token is read from QUARTERDECK_TOKEN or --token-file, never from the command line.')
    .action(async (flags: GateFlags) => {
      const { runGate } = await import('./run-gate.ts')
      process.exitCode = await runGate(flags, process.env)
    })
}
