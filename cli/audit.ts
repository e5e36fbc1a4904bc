import type { Command } from 'commander'
import { withApiOptions } from './api-client.ts'
import type { EraseFlags } from './audit-erase.ts'
import type { SearchFlags } from './audit-search.ts'

type VerifyFlags = { vkey?: string; previousCheckpoint?: string; origin?: string; json?: boolean }
type ExportFlags = { out: string; as?: string; workspace?: string; detail?: string }

/** `quarterdeck audit`: searches the log, exports it, erases detail, and verifies an export offline. */
export function declareAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('searches and exports the audit log, erases detail, and verifies an export offline')
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
  declareSearch(audit)
  declareErase(audit)
}

function declareSearch(audit: Command): void {
  withApiOptions(audit.command('search').description('entries of a workspace, newest first, by the API'))
    .option('--actor <id>', 'who, such as id_…')
    .option('--action <name>', 'what was done, such as rollout:roll-back')
    .option('--resource <id>', 'to which thing')
    .option('--resource-kind <kind>', 'to things of this kind, such as model')
    .option('--outcome <word>', 'done, denied or found')
    .option('--request <id>', 'by one request')
    .option('--from <time>', 'from this instant on (RFC 3339)')
    .option('--to <time>', 'before this instant (RFC 3339)')
    .option('--text <words>', 'contained in reason or values; looks at a bounded number of entries a page')
    .option('--limit <n>', 'entries a page, at most 200', '50')
    .option('--cursor <cursor>', 'the older page')
    .option('--newer <cursor>', 'the newer page')
    .option('--json', 'as the API answers')
    .action(async (flags: SearchFlags) => {
      const { runAuditSearch } = await import('./audit-search.ts')
      await runAuditSearch(flags)
    })
}

function declareErase(audit: Command): void {
  withApiOptions(
    audit.command('erase').description('erases who it was (at any time), or all an entry says (after six months)'),
  )
    .option('--person <id>', 'a person, such as id_…, in all their entries of the workspace')
    .option('--entry <id>', 'one entry, such as ae_…')
    .option('--all', 'of the entry, what it says too')
    .requiredOption('--reason <why>', 'stays in the log: do not name the person')
    .action(async (flags: EraseFlags) => {
      const { runAuditErase } = await import('./audit-erase.ts')
      await runAuditErase(flags)
    })
}
