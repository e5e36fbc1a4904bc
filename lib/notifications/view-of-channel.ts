import { MailConfig, WebhookConfig, type ChannelView } from './model.ts'

/** A channel as it is shown: where it leads, and of its secret only whether there is one. */
export function viewOfChannel(row: {
  id: string
  kind: 'email' | 'webhook'
  name: string
  config: unknown
  sealedSecret: string | null
  kinds: string[]
  createdAt: Date
}): ChannelView {
  const { id, kind, name, kinds, createdAt } = row
  const shown = { id, kind, name, kinds, createdAt, hasSecret: row.sealedSecret !== null }
  if (kind === 'webhook') {
    const { origin, pathname } = new URL(WebhookConfig.parse(row.config).url)
    // A path may hold a token of the receiver's.
    return { ...shown, address: pathname === '/' ? origin : `${origin}/…`, recipientDomains: [] }
  }
  const { host, port, security, from, recipientDomains } = MailConfig.parse(row.config)
  return { ...shown, address: `${from} by ${host}:${port} (${security})`, recipientDomains }
}
