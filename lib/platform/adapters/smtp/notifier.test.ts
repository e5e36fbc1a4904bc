import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describeNotifier, someMessage, type Receiving } from '../../ports/notifier.contract.ts'
import type { EmailChannel, SmtpServer } from '../../ports/notifier.ts'
import { smtpNotifier } from './notifier.ts'

const local = { loopback: true, allow: [] }
const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-smtp-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A certificate for localhost that only who is given it trusts. */
function certificate(): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
const { key, cert } = certificate()

async function mailbox(options: SMTPServerOptions = {}) {
  const received: { id: string; subject: string; text: string; raw: string }[] = []
  let how: Receiving = 'take'
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    ...options,
    onMailFrom: (_, session, callback) => {
      if (how === 'never-answer') return
      if (how !== 'refuse-for-good' && how !== 'refuse-for-now') return callback()
      const responseCode = how === 'refuse-for-good' ? 550 : 451
      how = 'take'
      callback(Object.assign(new Error('not now, not here'), { responseCode }))
    },
    onData: (stream, session, callback) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        received.push(parse(Buffer.concat(parts).toString('utf8')))
        if (how === 'take-and-break') {
          how = 'take'
          for (const each of server.connections as Set<{ _socket: { destroy(): void } }>) each._socket.destroy()
        } else callback(null, 'queued as 1234')
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port, received, stop, next: (to: Receiving) => (how = to) }
}

/** Just enough of RFC 5322 and 2045 for what is sent here. */
function parse(raw: string) {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(head)?.[1]?.replaceAll(/\r\n[ \t]/g, ' ') ?? ''
  const body = rest.join('\r\n\r\n')
  const encoding = header('Content-Transfer-Encoding')
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? quoted(body)
        : body
  return { id: /<(.*)@/.exec(header('Message-ID'))?.[1] ?? '', subject: words(header('Subject')), text, raw }
}

function quoted(text: string): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function words(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_, q: string) => quoted(q.replaceAll('_', ' ')))
    .replaceAll(/=\?UTF-8\?B\?(.*?)\?=/gi, (_, b: string) => Buffer.from(b, 'base64').toString('utf8'))
}

const channelOf = (server: Partial<SmtpServer> & { port: number }): EmailChannel => ({
  kind: 'email',
  server: { host: '127.0.0.1', security: 'none', ...server },
  from: 'Quarterdeck <quarterdeck@acme.example>',
  to: 'priya@acme.example',
})

describeNotifier('a mail server', async () => {
  const box = await mailbox()
  return {
    port: smtpNotifier({ rules: local, timeoutMs: 400 }),
    channel: channelOf({ port: box.port }),
    next: box.next,
    received: () => box.received,
    stop: box.stop,
    close: box.stop,
  }
})

describe('mail', () => {
  const send = (channel: EmailChannel, ca?: string) =>
    smtpNotifier({ rules: local, timeoutMs: 1_000, ...(ca ? { ca } : {}) }).deliver(channel, someMessage)
  const withAuth: SMTPServerOptions = {
    key,
    cert,
    authOptional: false,
    disabledCommands: [],
    onAuth: (auth, _, callback) =>
      auth.username === 'mailer' && auth.password === 'right'
        ? callback(null, { user: 'mailer' })
        : callback(new Error('no such user: mailer/right')),
  }
  const mailer = { host: 'localhost', user: 'mailer', password: 'right' }

  it('says that it is automatic, what it is about, and nothing of who else', async () => {
    const box = await mailbox()
    await send(channelOf({ port: box.port }))
    expect(box.received[0]?.raw).toMatch(/^Auto-Submitted: auto-generated/m)
    expect(box.received[0]?.raw).toMatch(/^To: priya@acme.example/m)
    expect(box.received[0]?.raw).not.toMatch(/^B?cc:/im)
    await box.stop()
  })

  it.each(['starttls', 'tls'] as const)(
    'signs in over %s to a server whose certificate is trusted',
    async (security) => {
      const box = await mailbox({ ...withAuth, secure: security === 'tls' })
      expect(await send(channelOf({ ...mailer, security, port: box.port }), cert)).toMatchObject({
        outcome: 'accepted',
      })
      expect(box.received).toHaveLength(1)
      await box.stop()
    },
  )

  it('gives the password to nobody whose certificate is not trusted', async () => {
    const box = await mailbox(withAuth)
    const outcome = await send(channelOf({ ...mailer, security: 'starttls', port: box.port }))
    expect(outcome).toMatchObject({ outcome: 'refused', because: expect.stringContaining('certificate') })
    expect(box.received).toEqual([])
    await box.stop()
  })

  it('does not go on in the clear with a server that offers no STARTTLS', async () => {
    const box = await mailbox({ ...withAuth, disabledCommands: ['STARTTLS'] })
    const outcome = await send(channelOf({ ...mailer, security: 'starttls', port: box.port }), cert)
    expect(outcome).toMatchObject({ outcome: 'refused', because: expect.stringContaining('STARTTLS') })
    await box.stop()
  })

  it('keeps a refused sign-in for another try, and its password out of the words', async () => {
    const box = await mailbox(withAuth)
    const outcome = await send(
      channelOf({ ...mailer, password: 'wrong-one', security: 'starttls', port: box.port }),
      cert,
    )
    expect(outcome).toMatchObject({ outcome: 'refused', permanent: false })
    expect(JSON.stringify(outcome)).not.toMatch(/wrong-one|right/)
    await box.stop()
  })

  it('does not reach for servers that may not be reached', async () => {
    const port = smtpNotifier({ rules: { loopback: false, allow: [] }, timeoutMs: 400 })
    for (const host of ['127.0.0.1', 'localhost', '169.254.169.254', '::1'])
      expect(await port.deliver(channelOf({ host, port: 25 }), someMessage)).toMatchObject({
        outcome: 'refused',
        permanent: true,
      })
  })
})
