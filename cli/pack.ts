import type { Command } from 'commander'

type PackFlags = { out?: string; as?: string; workspace: string }
type KeyFlags = { reason: string; demo?: boolean; keyRef?: string }

/** `quarterdeck pack`, `quarterdeck trust` and `quarterdeck attestation-key rotate`: on the installation's own database. */
export function declarePack(program: Command): void {
  program
    .command('pack')
    .description('writes the evidence pack of a version, an approval, a rollout or an incident')
    .argument('<id>', 'mv_…, ap_…, ro_… or in_…')
    .option('--out <file>', 'the zip file; else evidence-<id>.zip')
    .requiredOption('--as <persona>', 'as which local persona (loopback installations only)')
    .option('--workspace <name>', 'where', 'default')
    .action(async (id: string, flags: PackFlags) => {
      const { runPack } = await import('./run-pack.ts')
      await runPack(id, flags)
    })
  program
    .command('trust')
    .description('prints the trust file: the keys of this installation, to be handed to those who verify')
    .action(async () => {
      const { runTrust } = await import('./run-pack.ts')
      await runTrust()
    })
  program
    .command('attestation-key')
    .description('the keys that sign attestations')
    .command('rotate')
    .description('asks for another signing key; the worker makes it and ends the old one’s interval')
    .requiredOption('--reason <text>', 'why; recorded')
    .option('--key-ref <name>', 'a key that is in the folder of signing keys; else a new one is made')
    .option('--demo', 'the key of demonstrations')
    .action(async (flags: KeyFlags) => {
      const { runRotate } = await import('./run-pack.ts')
      await runRotate(flags)
    })
}
