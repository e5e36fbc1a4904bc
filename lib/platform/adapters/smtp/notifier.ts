import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import { whyNotReachable, type AddressRules } from '../../outside-address.ts'
import type { EmailChannel, NotifierMessage, NotifierOutcome, NotifierPort } from '../../ports/notifier.ts'

export type SmtpOptions = {
  rules: AddressRules
  timeoutMs: number
  /** Certificates to trust beside the system's, PEM; for tests and private authorities. */
  ca?: string
}

/**
 * Mail by SMTP (RFC 5321), plain text, one recipient a message. Its Message-ID comes from the message's id, so that what is
 * sent twice because an answer was lost can be told by the mailbox. A 5xx answer is for good, except to the sign-in, which
 * an administrator can mend; everything else may be sent again.
 */
export function smtpNotifier(options: SmtpOptions): NotifierPort<EmailChannel> {
  const { rules, timeoutMs, ca } = options
  return {
    deliver: async (channel, message) => {
      const { server } = channel
      const found = await resolve(rules, server.host)
      if ('outcome' in found) return found
      const transport = createTransport({
        host: found.address,
        port: server.port,
        secure: server.security === 'tls',
        requireTLS: server.security === 'starttls',
        ignoreTLS: server.security === 'none',
        tls: { servername: isIP(server.host) === 0 ? server.host : '', minVersion: 'TLSv1.2', ...(ca ? { ca } : {}) },
        ...(server.user === undefined ? {} : { auth: { user: server.user, pass: server.password ?? '' } }),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        dnsTimeout: timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      try {
        const sent = await transport.sendMail(mailOf(channel, message))
        return { outcome: 'accepted', providerId: sent.response.slice(0, 200) }
      } catch (error) {
        return refusal(error)
      } finally {
        transport.close()
      }
    },
  }
}

function mailOf({ from, to }: EmailChannel, message: NotifierMessage) {
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[>\s].*$/, '')
  return {
    from,
    to: { name: '', address: to },
    subject: oneLine(message.subject),
    date: message.at,
    messageId: `<${message.id}@${domain}>`,
    text: `${message.text}\n\n${message.url}\n\n-- \nWhat you receive: ${message.settingsUrl}\n`,
    // RFC 3834: no out-of-office answers come back.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Quarterdeck-Type': message.type },
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').slice(0, 200)
}

// Resolved here and connected to by address, so that what was judged is what is reached.
async function resolve(rules: AddressRules, host: string): Promise<NotifierOutcome | { address: string }> {
  try {
    const { address } = isIP(host) === 0 ? await lookup(host) : { address: host }
    const because = whyNotReachable(rules, host, address)
    return because === undefined ? { address } : { outcome: 'refused', permanent: true, because }
  } catch (error) {
    const because = `the name ${host} was not resolved: ${error instanceof Error ? error.message : 'no answer'}`
    return { outcome: 'refused', permanent: false, because }
  }
}

/** What nodemailer says of a failure, without what was sent: its errors may quote the command. */
function refusal(error: unknown): NotifierOutcome {
  const { code, responseCode, response } = error as { code?: string; responseCode?: number; response?: string }
  if (code === 'ETLS')
    return {
      outcome: 'refused',
      permanent: false,
      because: `STARTTLS did not come about: ${(response ?? '').slice(0, 300)}`,
    }
  if (typeof responseCode === 'number') {
    const permanent = responseCode >= 500 && code !== 'EAUTH' && responseCode !== 530
    const words = code === 'EAUTH' ? 'the sign-in was refused' : (response ?? '').slice(0, 300)
    return { outcome: 'refused', permanent, because: `the mail server answered ${responseCode}: ${words}` }
  }
  const words = error instanceof Error ? error.message.slice(0, 300) : 'no answer'
  return { outcome: 'refused', permanent: false, because: `${words}${code === undefined ? '' : ` (${code})`}` }
}
