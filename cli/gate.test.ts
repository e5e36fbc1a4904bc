import { createServer } from 'node:http'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { madePack } from '#lib/packs/testing/made-pack.ts'
import { gateOutput } from './gate-output.ts'
import { runGate } from './run-gate.ts'

let folder: string
let envelope: unknown
let digest: string
let answer: { status: number; body: string } = { status: 200, body: '' }
const server = createServer((_, response) => {
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
})
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-gate-'))
  const { files } = await madePack()
  envelope = JSON.parse(Buffer.from(files['attestations/decision-at_3.dsse.json']!).toString('utf8'))
  digest = `sha256:${'ab'.repeat(32)}`
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const yes = () => ({
  allowed: true,
  because: ['Approved: two people.'],
  subject: { digest, version: '7.0.0' },
  approvalId: 'ap_1',
  resourceUri: 'models:/fraud/7.0.0?env=production',
  verifierId: 'https://gov.example',
  attestation: { digest, envelope },
  pending: false,
})
const gate = async (status: number, body: unknown, over: { env?: string; token?: string; url?: string } = {}) => {
  answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const url = over.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const flags = {
    model: 'fraud',
    version: '7.0.0',
    env: over.env ?? 'production',
    output: 'text',
    timeout: '1',
  } as const
  try {
    const env = { QUARTERDECK_TOKEN: over.token ?? 'a-token', QUARTERDECK_URL: url }
    const code = await runGate({ ...flags, attestation: join(folder, 'decision.json') }, env)
    return { code, output: written.join('') }
  } finally {
    spy.mockRestore()
  }
}

describe('quarterdeck gate', () => {
  it('is 0 with the decision written', async () => {
    expect(await gate(200, yes())).toMatchObject({ code: 0 })
    expect(JSON.parse(await readFile(join(folder, 'decision.json'), 'utf8'))).toEqual(envelope)
  })

  it('is 1 with the reasons', async () => {
    const told = await gate(200, { ...yes(), allowed: false, because: ['Not approved: revoked.'], attestation: null })
    expect(told).toMatchObject({ code: 1 })
    expect(told.output).toContain('Not approved: revoked.')
  })

  it.each<[string, number, () => unknown]>([
    ['a server that fails', 503, () => '{}'],
    ['a bad token', 401, () => ({ detail: 'Sign in.' })],
    ['an answer that is not JSON', 200, () => '<html>'],
    ['an answer that lacks something', 200, () => ({ allowed: true })],
    ['a yes without an attestation', 200, () => ({ ...yes(), attestation: null })],
    ['a yes with an altered envelope', 200, () => ({ ...yes(), attestation: { digest, envelope: { payload: 'x' } } })],
    ['a decision that is never signed', 200, () => ({ ...yes(), pending: true, attestation: null })],
  ])('is 2, never 0, for %s', async (_, status, body) => {
    expect(await gate(status, body())).toMatchObject({ code: 2 })
  })

  it('is 2 for a decision on another environment, no token and a server that is not there', async () => {
    expect(await gate(200, yes(), { env: 'staging' })).toMatchObject({ code: 2 })
    expect(await gate(200, yes(), { token: '' })).toMatchObject({ code: 2 })
    expect(await gate(200, yes(), { url: 'http://127.0.0.1:1' })).toMatchObject({ code: 2 })
  })

  it('tells it as SARIF and as JUnit', () => {
    const verdict = { outcome: 'refused', reasons: ['not <approved>'], subject: 'fraud 7', approvalUrl: null } as const
    const sarif = JSON.parse(gateOutput('sarif', verdict)) as { version: string; runs: { results: unknown[] }[] }
    expect(sarif).toMatchObject({ version: '2.1.0', runs: [{ results: [{ ruleId: 'QD001', level: 'error' }] }] })
    expect(JSON.parse(gateOutput('sarif', { ...verdict, outcome: 'approved' }))).toMatchObject({
      runs: [{ results: [] }],
    })
    expect(gateOutput('junit', verdict)).toContain('<failure message="not &lt;approved&gt;">')
    expect(gateOutput('junit', { ...verdict, outcome: 'unknown' })).toContain('errors="1"')
  })
})
