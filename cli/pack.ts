import type { Command } from 'commander'
import { withApiOptions } from './api-client.ts'
import type { PackFlags, RotateFlags } from './run-pack.ts'

/** `quarterdeck pack`, `quarterdeck trust` and `quarterdeck attestation-key rotate`. */
export function declarePack(program: Command): void {
  withApiOptions(
    program
      .command('pack')
      .description('writes the evidence pack of a version, an approval, a rollout or an incident')
      .argument('<id>', 'mv_…, ap_…, ro_… or in_…')
      .option('--out <file>', 'the zip file; else evidence-<id>.zip')
      .option('--as <persona>', 'as a local persona, from the database here, without a token (loopback only)'),
  ).action(async (id: string, flags: PackFlags) => {
    const { runPack } = await import('./run-pack.ts')
    await runPack(id, flags)
  })
  program
    .command('trust')
    .description('prints the trust file: the keys of this installation, to be handed to those who verify')
    .option('--url <origin>', 'of a running installation, without a token; else from the database here')
    .action(async (flags: { url?: string }) => {
      const { runTrust } = await import('./run-pack.ts')
      await runTrust(flags)
    })
  withApiOptions(
    program
      .command('attestation-key')
      .description('the keys that sign attestations')
      .command('rotate')
      .description(
        'asks for another signing key, by the API with a token or else in the database here; the worker makes it and ends the old one’s interval',
      )
      .requiredOption('--reason <text>', 'why; recorded')
      .option('--key-ref <name>', 'a key that is in the folder of signing keys; else a new one is made')
      .option('--demo', 'the key of demonstrations'),
  ).action(async (flags: RotateFlags) => {
    const { runRotate } = await import('./run-pack.ts')
    await runRotate(flags)
  })
}
