/**
 * The notifiers against receivers that are not ours: a mail server (aiosmtpd) and a reader of Standard Webhooks, both in
 * Python, installed into a cache of the user.
 *
 *   npm run test:notifications
 *
 * The last line says "N passed, N failed".
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { smtpNotifier } from '#lib/platform/adapters/smtp/notifier.ts'
import { webhookNotifier } from '#lib/platform/adapters/webhook/notifier.ts'
import { systemClock } from '#lib/platform/clock.ts'
import type { EmailChannel } from '#lib/platform/ports/notifier.ts'
import { someMessage } from '#lib/platform/ports/notifier.contract.ts'

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const rules = { loopback: true, allow: [] }
const timeoutMs = 10_000
const work = await mkdtemp(join(tmpdir(), 'quarterdeck-notifications-'))
const results = { passed: 0, failed: 0 }

try {
  const [certificate, key] = [join(work, 'cert.pem'), join(work, 'key.pem')]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const named = [
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    key,
    '-out',
    certificate,
  ]
  execFileSync('openssl', [...made, ...named], { stdio: 'ignore' })
  const receivers = await open(await python(), certificate, key)
  try {
    await checkMail(receivers, await readFile(certificate, 'utf8'))
    await checkWebhook(receivers)
  } finally {
    await receivers.close()
  }
} finally {
  await rm(work, { recursive: true, force: true })
}
console.log(`${results.passed} passed, ${results.failed} failed`)
process.exitCode = results.failed === 0 && results.passed > 0 ? 0 : 1

type Received = Record<string, unknown>
type Receivers = { smtp: number; http: number; next(): Promise<Received>; close(): Promise<void> }

async function check(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
    results.passed += 1
    console.log(`ok   ${name}`)
  } catch (error) {
    results.failed += 1
    console.log(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function checkMail(receivers: Receivers, ca: string): Promise<void> {
  const channel = (more: Partial<EmailChannel['server']> = {}, to = 'priya@acme.example'): EmailChannel => ({
    kind: 'email',
    server: {
      host: 'localhost',
      port: receivers.smtp,
      security: 'starttls',
      user: 'mailer',
      password: 'right',
      ...more,
    },
    from: 'quarterdeck@acme.example',
    to,
  })
  const port = smtpNotifier({ rules, timeoutMs, ca })
  await check('a mail arrives over STARTTLS after a sign-in, and reads as it was written', async () => {
    assert.deepEqual(await port.deliver(channel(), someMessage), {
      outcome: 'accepted',
      providerId: '250 queued as 42',
    })
    const mail = await receivers.next()
    assert.equal(mail['encrypted'], true)
    assert.equal(mail['id'], `<${someMessage.id}@acme.example>`)
    assert.equal(mail['subject'], someMessage.subject)
    assert.deepEqual(
      [mail['to'], mail['from'], mail['defects']],
      [['priya@acme.example'], ['quarterdeck@acme.example'], []],
    )
    const text = String(mail['text']).replaceAll('\r\n', '\n')
    assert.ok(text.startsWith(`${someMessage.text}\n\n${someMessage.url}\n`))
  })
  await check('an unknown mailbox is refused for good', async () => {
    const outcome = await port.deliver(channel({}, 'nobody@acme.example'), someMessage)
    assert.ok(outcome.outcome === 'refused' && outcome.permanent && outcome.because.includes('550'))
  })
  await check('a wrong password is refused, may be tried again, and is not told', async () => {
    const outcome = await port.deliver(channel({ password: 'wrong-one' }), someMessage)
    assert.ok(outcome.outcome === 'refused' && !outcome.permanent)
    assert.ok(!JSON.stringify(outcome).includes('wrong-one'))
  })
  await check('a certificate that is not trusted gets neither password nor mail', async () => {
    const outcome = await smtpNotifier({ rules, timeoutMs }).deliver(channel(), someMessage)
    assert.ok(outcome.outcome === 'refused' && outcome.because.includes('certificate'))
  })
}

async function checkWebhook(receivers: Receivers): Promise<void> {
  const port = webhookNotifier({ clock: systemClock, rules, timeoutMs })
  const url = `http://127.0.0.1:${receivers.http}/hook`
  await check('another implementation of Standard Webhooks verifies the signature and reads the event', async () => {
    const outcome = await port.deliver(
      { kind: 'webhook', url, secret },
      { ...someMessage, data: { workspaceId: 'ws_1' } },
    )
    assert.equal(outcome.outcome, 'accepted')
    const { subject, text, url: page } = someMessage
    assert.deepEqual(await receivers.next(), {
      kind: 'webhook',
      id: someMessage.id,
      event: {
        type: someMessage.type,
        timestamp: someMessage.at.toISOString(),
        data: { subject, text, url: page, workspaceId: 'ws_1' },
      },
    })
  })
  await check('it refuses what another secret has signed', async () => {
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
    const outcome = await port.deliver({ kind: 'webhook', url, secret: other }, someMessage)
    assert.equal(outcome.outcome, 'refused')
    assert.equal((await receivers.next())['kind'], 'refused')
  })
  await port.close()
}

async function open(command: string, certificate: string, key: string): Promise<Receivers> {
  const child = spawn(command, [join(import.meta.dirname, 'receivers.py'), certificate, key, secret], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    if (line.done) throw new Error('the receivers ended')
    return JSON.parse(line.value) as Received
  }
  const { smtp, http } = (await next()) as { smtp: number; http: number }
  const close = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  }
  return { smtp, http, next, close }
}

/** Python with what requirements.txt names, in a cache of the user that is keyed by that file. */
async function python(): Promise<string> {
  const requirements = join(import.meta.dirname, 'requirements.txt')
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 32)
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'quarterdeck', `notifications-${digest}`)
  const found = join(folder, 'bin', 'python')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return found
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(cache, 'quarterdeck'), { recursive: true })
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' })
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]
  execFileSync(found, install, { stdio: 'inherit' })
  await writeFile(complete, '')
  return found
}
