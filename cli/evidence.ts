import type { Command } from 'commander'
import { withApiOptions, type ApiFlags } from './api-client.ts'
import type { AddEvidenceFlags } from './evidence-add.ts'

/** `quarterdeck evidence add`: from CI, what was measured or checked about a version. */
export function declareEvidence(program: Command): void {
  const evidence = program.command('evidence').description('adds evidence to versions')
  withApiOptions(
    evidence
      .command('add')
      .description('adds the JSON of a file as evidence; prints its id and the digest of its in-toto statement')
      .requiredOption('--model <name>', 'the name of the model')
      .requiredOption('--version <version>', 'the version, such as 1.4.0')
      .option('--kind <kind>', 'evaluation, model-card, data-validation, security-scan, drift-baseline or test-result')
      .option('--mlflow-run', 'the file is an MLflow run as runs/get answers: its metrics are the evaluation')
      .requiredOption('--file <file>', 'the JSON, or - for standard input')
      .option('--measured-at <time>', 'RFC 3339; now when left out'),
  ).action(async (flags: AddEvidenceFlags) => {
    const { addEvidenceFile } = await import('./evidence-add.ts')
    await addEvidenceFile(flags)
  })
}

/** `quarterdeck policy what-if`: which past requests other policy files would have decided otherwise. */
export function declarePolicy(program: Command): void {
  const policy = program.command('policy').description('approval policies')
  withApiOptions(
    policy
      .command('what-if')
      .description(
        'replays past requests under these policy files, in their order; exit code 1 when any comes out otherwise',
      )
      .argument('<files...>', 'policy files'),
  ).action(async (files: string[], flags: ApiFlags) => {
    const { whatIfFiles } = await import('./evidence-add.ts')
    process.exitCode = await whatIfFiles(files, flags)
  })
}
