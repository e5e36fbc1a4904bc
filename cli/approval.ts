import type { Command } from 'commander'
import { withApiOptions, type ApiFlags } from './api-client.ts'
import type { RequestFlags, VoteFlags } from './run-approval.ts'

/** `quarterdeck approval`: asks that a version may serve, shows a request, votes on the revision that was shown. */
export function declareApproval(program: Command): void {
  const approval = program.command('approval').description('asks for approval, shows a request, votes')
  withApiOptions(
    approval
      .command('request')
      .description('asks that a version may serve in an environment; prints the id of the request')
      .requiredOption('--model <name>', 'the name of the model')
      .requiredOption('--version <version>', 'the version, such as 1.4.0')
      .requiredOption('--env <name>', 'the environment')
      .requiredOption('--reason <text>', 'why, for those who decide'),
  ).action(async (flags: RequestFlags) => {
    const { requestByApi } = await import('./run-approval.ts')
    await requestByApi(flags)
  })
  withApiOptions(
    approval
      .command('show')
      .description('what is asked, on what evidence, who voted, and whether you may')
      .argument('<id>', 'ap_…'),
  ).action(async (id: string, flags: ApiFlags) => {
    const { showApproval } = await import('./run-approval.ts')
    await showApproval(id, flags)
  })
  withApiOptions(
    approval
      .command('vote')
      .description('votes on exactly the revision that `approval show` told')
      .argument('<id>', 'ap_…')
      .argument('<decision>', 'approve or reject')
      .requiredOption('--revision <digest>', 'the digest of the revision, as shown')
      .requiredOption('--reason <text>', 'why; it is part of the signed vote'),
  ).action(async (id: string, decision: string, flags: VoteFlags) => {
    const { voteByApi } = await import('./run-approval.ts')
    await voteByApi(id, decision, flags)
  })
}
