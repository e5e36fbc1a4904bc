import { InvalidArgumentError, type Command } from 'commander'
import { withApiOptions, type ApiFlags } from './api-client.ts'

/** `quarterdeck service-account` and `quarterdeck sign-out`: identities of programs, and the end of all one's own sessions. */
export function declareServiceAccount(program: Command): void {
  const account = program.command('service-account').description('identities for programs that have none of their own')
  withApiOptions(
    account
      .command('create')
      .description('makes an account; prints its id and the issuer and subject that a role is given to')
      .argument('<name>', 'lower-case letters, digits and dashes')
      .requiredOption('--purpose <text>', 'what it is for; whoever reads the log years later asks'),
  ).action(async (name: string, flags: ApiFlags & { purpose: string }) => {
    const { createAccount } = await import('./run-service-account.ts')
    await createAccount(name, flags)
  })
  withApiOptions(account.command('list').description('the accounts of the workspace, one a line')).action(
    async (flags: ApiFlags) => {
      const { listAccounts } = await import('./run-service-account.ts')
      await listAccounts(flags)
    },
  )
  withApiOptions(
    account
      .command('issue-token')
      .description('a bearer token for an account on standard output, shown this once, and nothing else there')
      .argument('<account>', 'its name or id')
      .option('--lifetime <seconds>', 'how long it holds, 60 to 2592000', secondsOf, 3_600),
  ).action(async (which: string, flags: ApiFlags & { lifetime: number }) => {
    const { issueAccountToken } = await import('./run-service-account.ts')
    await issueAccountToken(which, flags)
  })
  withApiOptions(
    account
      .command('disable')
      .description('ends an account for good: its tokens are refused at once, its roles taken away')
      .argument('<account>', 'its name or id')
      .requiredOption('--reason <text>', 'why'),
  ).action(async (which: string, flags: ApiFlags & { reason: string }) => {
    const { disableAccount } = await import('./run-service-account.ts')
    await disableAccount(which, flags)
  })
  withApiOptions(
    program
      .command('sign-out')
      .description('ends every session of yours and every token that this installation gave you, this one too')
      .requiredOption('--everywhere', 'there is no other: a token holds no session'),
  ).action(async (flags: ApiFlags) => {
    const { signOut } = await import('./run-service-account.ts')
    await signOut(flags)
  })
}

function secondsOf(text: string): number {
  if (!/^[0-9]{2,7}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds, 60 to 2592000.')
  return Number(text)
}
