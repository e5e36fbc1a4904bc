import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { describeNotifier, someMessage, type Receiving } from '../../ports/notifier.contract.ts'
import type { WebhookChannel } from '../../ports/notifier.ts'
import { webhookNotifier } from './notifier.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const clock = { now: () => new Date() }
const local = { loopback: true, allow: [] }

async function receiver() {
  const received: { id: string; subject: string; text: string }[] = []
  let how: Receiving | number = 'take'
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString('utf8')
    const now = how
    how = 'take'
    if (typeof now === 'number')
      return response.writeHead(now, { location: '/elsewhere' }).end('x'.repeat(now === 302 ? 1 : 200_000))
    if (now === 'never-answer') return undefined
    if (now === 'refuse-for-good') return response.writeHead(410).end()
    if (now === 'refuse-for-now') return response.writeHead(503).end()
    if (!isSigned(body, request.headers)) return response.writeHead(401).end()
    const { data } = JSON.parse(body) as { data: { subject: string; text: string; url: string } }
    received.push({
      id: String(request.headers['webhook-id']),
      subject: data.subject.replaceAll(/[\r\n]+/g, ' '),
      text: `${data.text}\n${data.url}`,
    })
    if (now === 'take-and-break') return request.socket.destroy()
    return response.writeHead(204).end()
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, received, stop, next: (to: Receiving | number) => (how = to) }
}

function isSigned(body: string, headers: IncomingHttpHeaders): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}

describeNotifier('a webhook', async () => {
  const r = await receiver()
  const port = webhookNotifier({ clock, rules: local, timeoutMs: 400 })
  return {
    port: port,
    channel: { kind: 'webhook', url: r.url, secret },
    next: r.next,
    received: () => r.received,
    stop: r.stop,
    close: async () => {
      await port.close()
      await r.stop()
    },
  }
})

describe('a webhook', () => {
  const to = async (url: string, rules = { loopback: false, allow: [] as string[] }) => {
    const port = webhookNotifier({ clock, rules, timeoutMs: 400 })
    const outcome = await port.deliver({ kind: 'webhook', url, secret } satisfies WebhookChannel, someMessage)
    await port.close()
    return outcome
  }

  it.each([
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['the metadata service in one number', 'http://2852039166/'],
    ['the metadata service in octal', 'http://0251.0376.0251.0376/'],
    ['the metadata service mapped into IPv6', 'http://[::ffff:169.254.169.254]/'],
    ['the metadata service through NAT64', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['the metadata service of IPv6', 'http://[fd00:ec2::254]/'],
    ['a link-local address', 'http://[fe80::1]/'],
    ['this machine', 'http://127.0.0.1:1/'],
    ['this machine by another of its addresses', 'http://127.1:1/'],
    ['this machine in IPv6', 'http://[::1]:1/'],
    ['this machine mapped into IPv6', 'http://[::ffff:127.0.0.1]:1/'],
    ['every address', 'http://0.0.0.0:1/'],
    ['a file', 'file:///etc/passwd'],
    ['a password in the address', 'https://user:secret@example.com/'],
  ])('is never sent to %s', async (_, url) => {
    expect(await to(url)).toMatchObject({ outcome: 'refused', permanent: true })
  })

  it('is not sent to a name that stands for this machine', async () => {
    expect(await to('http://localhost:1/')).toMatchObject({
      outcome: 'refused',
      because: expect.stringContaining('this machine itself'),
    })
  })

  it('is sent where an administrator of the installation allows it', async () => {
    const r = await receiver()
    expect(await to(r.url, { loopback: false, allow: ['127.0.0.1'] })).toMatchObject({ outcome: 'accepted' })
    await r.stop()
  })

  it('follows no redirect and reads no endless answer', async () => {
    const r = await receiver()
    r.next(302)
    expect(await to(r.url, { loopback: true, allow: [] })).toMatchObject({ outcome: 'refused', permanent: true })
    r.next(500)
    expect(await to(r.url, { loopback: true, allow: [] })).toMatchObject({ outcome: 'refused', permanent: false })
    expect(r.received).toEqual([])
    await r.stop()
  })
})
