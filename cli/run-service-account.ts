import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { callApi, type ApiFlags } from './api-client.ts'

const Account = z.object({
  id: z.string(),
  name: z.string(),
  purpose: z.string(),
  issuer: z.string(),
  subject: z.string(),
  disabledAt: z.string().nullable(),
  liveTokens: z.number(),
})
const Accounts = z.object({ items: z.array(Account) })
const Created = Account.pick({ id: true, issuer: true, subject: true })
const Issued = z.object({ token: z.string(), expiresAt: z.string() })
const Disabled = z.object({ tokens: z.number(), roles: z.number() })
const Ended = z.object({ sessions: z.number(), tokens: z.number() })

/** Makes an account and tells what a role is given to. */
export async function createAccount(name: string, flags: ApiFlags & { purpose: string }): Promise<void> {
  const answer = await callApi(flags, 'POST', '/service-accounts', { name, purpose: flags.purpose })
  const { id, issuer, subject } = Created.parse(answer)
  process.stdout.write(`${id}\nissuer: ${issuer}\nsubject: ${subject}\n`)
}

/** Every account, one a line. */
export async function listAccounts(flags: ApiFlags): Promise<void> {
  for (const { id, name, purpose, disabledAt, liveTokens } of await accountsOf(flags)) {
    const state = disabledAt === null ? `${liveTokens} live tokens` : `disabled ${disabledAt}`
    process.stdout.write(`${id} ${name}: ${state}. ${purpose}\n`)
  }
}

/** Prints a token and nothing else; until when it holds goes to standard error. */
export async function issueAccountToken(which: string, flags: ApiFlags & { lifetime: number }): Promise<void> {
  const path = `/service-accounts/${await idOf(which, flags)}/tokens`
  const { token, expiresAt } = Issued.parse(await callApi(flags, 'POST', path, { lifetimeSeconds: flags.lifetime }))
  process.stdout.write(`${token}\n`)
  process.stderr.write(`holds until ${expiresAt}\n`)
}

/** Ends an account for good. */
export async function disableAccount(which: string, flags: ApiFlags & { reason: string }): Promise<void> {
  const path = `/service-accounts/${await idOf(which, flags)}/disable`
  const { tokens, roles } = Disabled.parse(await callApi(flags, 'POST', path, { reason: flags.reason }))
  process.stdout.write(`${which} is disabled: ${tokens} tokens revoked, ${roles} roles taken away\n`)
}

/** Ends all sessions and tokens of whoever the token stands for. */
export async function signOut(flags: ApiFlags): Promise<void> {
  const { sessions, tokens } = Ended.parse(await callApi(flags, 'POST', '/sessions/end-all'))
  process.stdout.write(`${sessions} sessions ended, ${tokens} tokens revoked\n`)
}

async function accountsOf(flags: ApiFlags) {
  return Accounts.parse(await callApi(flags, 'GET', '/service-accounts')).items
}

async function idOf(which: string, flags: ApiFlags): Promise<string> {
  const found = (await accountsOf(flags)).find((each) => each.id === which || each.name === which)
  if (!found) throw problem('invalid', `There is no service account named ${which}.`)
  return found.id
}
