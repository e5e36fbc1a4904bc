import { z } from 'zod'
import { callApi, type ApiFlags } from './api-client.ts'

export type SearchFlags = ApiFlags & {
  actor?: string
  action?: string
  resource?: string
  resourceKind?: string
  outcome?: string
  request?: string
  text?: string
  from?: string
  to?: string
  limit: string
  cursor?: string
  newer?: string
  json?: boolean
}

const Page = z.looseObject({
  items: z.array(
    z.looseObject({
      id: z.string(),
      time: z.string(),
      kind: z.string(),
      outcome: z.string(),
      resource: z.object({ kind: z.string(), id: z.string() }),
      content: z.looseObject({ because: z.string(), actor: z.looseObject({ name: z.string() }) }).nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
  previousCursor: z.string().nullable(),
  lookedTo: z.string().nullable(),
})

/** Prints one page of a search: an entry a line, or the API's answer as one line of JSON. */
export async function runAuditSearch(flags: SearchFlags): Promise<void> {
  const asked = {
    limit: flags.limit,
    cursor: flags.cursor,
    newer: flags.newer,
    kind: flags.action,
    actorId: flags.actor,
    resourceId: flags.resource,
    resourceKind: flags.resourceKind,
    outcome: flags.outcome,
    requestId: flags.request,
    text: flags.text,
    from: flags.from,
    to: flags.to,
  }
  const given = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  const page = Page.parse(await callApi(flags, 'GET', `/audit/entries?${new URLSearchParams(given).toString()}`))
  process.stdout.write(flags.json ? `${JSON.stringify(page)}\n` : textOf(page))
}

function textOf(page: z.infer<typeof Page>): string {
  const lines = page.items.map((e) =>
    [
      e.time,
      e.outcome.padEnd(6),
      e.kind,
      e.content?.actor.name ?? 'erased',
      `${e.resource.kind} ${e.resource.id}`,
      e.content?.because ?? 'erased',
      e.id,
    ].join('  '),
  )
  if (page.items.length === 0) lines.push('no entry fits')
  if (page.lookedTo) lines.push(`looked back to ${page.lookedTo}; go on with the older page`)
  if (page.previousCursor) lines.push(`newer: --newer ${page.previousCursor}`)
  if (page.nextCursor) lines.push(`older: --cursor ${page.nextCursor}`)
  return `${lines.join('\n')}\n`
}
