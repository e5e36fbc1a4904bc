import { InvalidArgumentError, type Command } from 'commander'

/** `quarterdeck token --as <persona>`: a bearer token for the API on standard output, and nothing else there. */
export function declareToken(program: Command): void {
  program
    .command('token')
    .description('a bearer token of a local persona, for the API (loopback installations only)')
    .requiredOption('--as <persona>', 'who: dana, priya, tomas, olu or ingrid')
    .option('--workspace <name>', 'where the issue is recorded; needed when the persona is in several')
    .option('--lifetime <seconds>', 'how long it holds, 60 to 86400', secondsOf, 3_600)
    .action(async (options: { as: string; workspace?: string; lifetime: number }) => printToken(options))
}

async function printToken(options: { as: string; workspace?: string; lifetime: number }): Promise<void> {
  const [{ attachSystem }, { personaCtx }, { issueToken }] = await Promise.all([
    import('#lib/system/attach.ts'),
    import('#lib/members/persona-ctx.ts'),
    import('#lib/members/issue-token.ts'),
  ])
  const { system, close } = await attachSystem('cli', process.env)
  try {
    const ctx = await personaCtx(system, options.as, options.workspace ?? 'default')
    const { token } = await issueToken(ctx, { lifetimeSeconds: options.lifetime })
    process.stdout.write(`${token}\n`)
  } finally {
    await close()
  }
}

function secondsOf(text: string): number {
  if (!/^[0-9]{2,5}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds, 60 to 86400.')
  return Number(text)
}
