import type { Command } from 'commander'

type VerifyFlags = { vkey?: string; previousCheckpoint?: string; origin?: string; json?: boolean }
type ExportFlags = { out: string; as?: string; workspace?: string; detail?: string }

/** `quarterdeck audit`: exports the log, and verifies an export with neither a database nor a network. */
export function declareAudit(program: Command): void {
  const audit = program.command('audit').description('exports the audit log, and verifies an export offline')
  audit
    .command('verify')
    .description('exit code 0: the export is sound; 1: findings, one a line; 2: cannot tell')
    .argument('<folder>', 'an exported log')
    .option('--vkey <key>', 'the verifier key that you got from the operator by another way: its text, or a file')
    .option('--previous-checkpoint <file>', 'a checkpoint that you kept: the log must extend it')
    .option('--origin <name>', 'the log that it should be, such as quarterdeck.example.com/log')
    .option('--json', 'the whole report as JSON')
    .action(async (folder: string, flags: VerifyFlags) => {
      const { runAuditVerify } = await import('./audit-verify.ts')
      process.exitCode = await runAuditVerify(folder, flags)
    })
  audit
    .command('export')
    .description('writes the log and the contents of one workspace into a new folder')
    .requiredOption('--out <folder>', 'an empty or new folder')
    .option('--as <persona>', 'one of the local personas, where they are allowed; otherwise the installation itself')
    .option('--workspace <name>', 'whose contents; may be left out when there is only one')
    .option('--detail <how much>', 'all; impersonal (without who it was); none (the log alone)', 'all')
    .action(async (flags: ExportFlags) => {
      const { runAuditExport } = await import('./audit-export.ts')
      await runAuditExport(flags)
    })
}
