import { isIP } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { Agent, request } from 'undici'
import { guardedLookup, whyNotReachable, type AddressRules } from '../../outside-address.ts'
import type { Clock } from '../../clock.ts'
import type { NotifierMessage, NotifierOutcome, NotifierPort, WebhookChannel } from '../../ports/notifier.ts'

export type WebhookOptions = {
  clock: Pick<Clock, 'now'>
  rules: AddressRules
  timeoutMs: number
  /** Certificates to trust beside the system's, PEM; for tests and private authorities. */
  ca?: string
}

const answerBytesMax = 65_536

/**
 * Webhooks as Standard Webhooks 1.0 says: JSON `{type, timestamp, data}`, signed with HMAC-SHA-256 over id, timestamp and
 * body. 2xx is accepted, 410 and redirects are refused for good (a redirect could lead where no rule was asked), all else
 * may be sent again.
 */
export function webhookNotifier(options: WebhookOptions): NotifierPort<WebhookChannel> & { close(): Promise<void> } {
  const { clock, rules, timeoutMs } = options
  const dispatcher = new Agent({
    connections: 4,
    connect: { timeout: timeoutMs, lookup: guardedLookup(rules), ...(options.ca ? { ca: options.ca } : {}) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: answerBytesMax,
  })
  const deliver = async (channel: WebhookChannel, message: NotifierMessage): Promise<NotifierOutcome> => {
    const barred = whyBarred(rules, channel.url)
    if (barred !== undefined) return { outcome: 'refused', permanent: true, because: barred }
    const body = JSON.stringify(payloadOf(message))
    const sentAt = clock.now()
    try {
      const answer = await request(channel.url, {
        method: 'POST',
        dispatcher,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'quarterdeck-webhooks/1',
          'webhook-id': message.id,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
          'webhook-signature': new Webhook(channel.secret).sign(message.id, sentAt, body),
        },
        body,
      })
      await answer.body.dump({ limit: answerBytesMax })
      return judge(answer.statusCode, answer.headers['x-request-id'])
    } catch (error) {
      return { outcome: 'refused', permanent: false, because: told(error, timeoutMs) }
    }
  }
  return { deliver, close: () => dispatcher.destroy() }
}

function payloadOf(message: NotifierMessage) {
  const { type, at, subject, text, url, data } = message
  return { type, timestamp: at.toISOString(), data: { subject, text, url, ...data } }
}

function whyBarred(rules: AddressRules, text: string): string | undefined {
  if (!URL.canParse(text)) return 'the address is no URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'the address is neither https nor http'
  if (url.username !== '' || url.password !== '') return 'the address holds a user name or a password'
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : whyNotReachable(rules, host, host)
}

function judge(status: number, requestId: string | string[] | undefined): NotifierOutcome {
  if (status >= 200 && status < 300)
    return { outcome: 'accepted', providerId: typeof requestId === 'string' ? requestId.slice(0, 200) : null }
  if (status === 410) return { outcome: 'refused', permanent: true, because: 'the receiver answered 410: it is gone' }
  if (status >= 300 && status < 400)
    return {
      outcome: 'refused',
      permanent: true,
      because: `the receiver answered ${status}: redirects are not followed`,
    }
  return { outcome: 'refused', permanent: false, because: `the receiver answered ${status}` }
}

function told(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'the receiver was not reached'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `${error.message.slice(0, 300)}${code}`
}
