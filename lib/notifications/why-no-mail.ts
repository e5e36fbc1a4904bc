import { MailConfig } from './model.ts'

/** What mail to that address lacks, if anything: a mail server, or one that serves its domain. */
export function whyNoMail(
  channels: readonly { kind: 'email' | 'webhook'; config: unknown }[],
  email: string | null,
): { kind: 'server' | 'domain'; because: string } | null {
  const server = channels.find((channel) => channel.kind === 'email')
  if (!server) return { kind: 'server', because: 'The workspace has no mail server yet: an admin adds one.' }
  if (email === null) return null
  const { recipientDomains } = MailConfig.parse(server.config)
  if (recipientDomains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())) return null
  return { kind: 'domain', because: `Mail from here goes to ${recipientDomains.join(', ')} only.` }
}
