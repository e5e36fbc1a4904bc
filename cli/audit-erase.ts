import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { callApi, type ApiFlags } from './api-client.ts'

export type EraseFlags = ApiFlags & { person?: string; entry?: string; all?: boolean; reason: string }

const Answer = z.object({ entries: z.number(), more: z.boolean() })
const callsMax = 1_000

/** Erases by the API until there is nothing more, and says how much it was. */
export async function runAuditErase(flags: EraseFlags): Promise<void> {
  if ((flags.person === undefined) === (flags.entry === undefined))
    throw problem('invalid', 'Say either --person <identity id> or --entry <entry id>.')
  const of = flags.person === undefined ? { entryId: flags.entry } : { identityId: flags.person }
  const body = { of, scope: flags.all ? 'all' : 'person', reason: flags.reason }
  let entries = 0
  for (let call = 0; call < callsMax; call++) {
    const answer = Answer.parse(await callApi(flags, 'POST', '/audit/erasures', body))
    entries += answer.entries
    if (!answer.more) break
  }
  process.stdout.write(`${entries} ${entries === 1 ? 'entry' : 'entries'}: detail erased, digests and proofs stay\n`)
}
