import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { testApi, type Site, type TestApi } from '#lib/api/testing/api.ts'
import { importCard } from './card-files.ts'
import { addEvidenceFile } from './evidence-add.ts'
import { registerModelByApi, registerVersionByApi } from './register.ts'
import { requestByApi, showApproval, voteByApi } from './run-approval.ts'

let api: TestApi
let site: Site
let url: string
let folder: string
// The commands' requests reach the real API, which answers for its own origin only.
const server = createServer((request, response) => {
  void (async () => {
    const sent = await buffer(request)
    const { authorization = '', 'content-type': type } = request.headers
    const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) }
    const options = { headers, ...(sent.length === 0 ? {} : { raw: new Uint8Array(sent) }) }
    const { status, text } = await api.call(request.method!, request.url!, options)
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })()
})
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-ci-'))
  await writeFile(join(folder, 'model.bin'), 'weights')
  await writeFile(join(folder, 'evaluation.json'), '{"metrics":{"auc":0.93}}')
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
  await api.close()
})

const as = (role: keyof Site['people']) => ({ url, token: site.people[role].token })
const named = { model: 'fraud', version: '7.0.0' }
async function told(run: () => Promise<void>): Promise<string> {
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  try {
    await run()
    return written.join('').trim()
  } finally {
    spy.mockRestore()
  }
}

describe('from a training run to a vote, by the command line', () => {
  it('registers, adds evidence and a card, asks, shows and votes', async () => {
    const ci = as('developer')
    expect(await told(() => registerModelByApi({ ...ci, name: 'fraud', title: 'Fraud', risk: 'high' }))).toMatch(/^mo_/)
    const files = { files: folder, artifactUri: 's3://models/fraud/7.0.0' }
    expect(await told(() => registerVersionByApi({ ...ci, ...named, ...files, run: 'run-1', code: 'abc' }))).toMatch(
      /^mv_\w+ sha256:[0-9a-f]{64}$/,
    )
    const asked = { ...ci, ...named, env: 'production', reason: 'passed offline' }
    await expect(requestByApi(asked)).rejects.toThrow('there is no evaluation')
    // It was measured before the version was registered, as it always is in CI.
    const measuredAt = new Date(api.t.clock.now().getTime() - 3_600_000).toISOString()
    const evaluation = { kind: 'evaluation', file: join(folder, 'evaluation.json'), measuredAt }
    expect(await told(() => addEvidenceFile({ ...ci, ...named, ...evaluation }))).toMatch(/ sha256:/)
    await writeFile(join(folder, 'README.md'), '---\nlicense: mit\n---\n# Fraud\n')
    const card = { ...ci, ...named, reason: 'from the run' }
    expect(await told(() => importCard(join(folder, 'README.md'), card))).toMatch(/^revision 1 /)
    const id = await told(() => requestByApi(asked))
    const shown = await told(() => showApproval(id, as('approver')))
    expect(shown).toContain('evidence evaluation counts: holds')
    expect(shown).toContain('you may vote')
    expect(await told(() => showApproval(id, ci))).toContain('you may not vote: ')
    const revision = /revision 1 (sha256:[0-9a-f]{64})/.exec(shown)![1]!
    const vote = { ...as('approver'), revision, reason: 'it holds' }
    expect(await told(() => voteByApi(id, 'approve', vote))).toMatch(/^open: /)
    expect(await told(() => showApproval(id, ci))).toContain(': approve: it holds')
    await expect(voteByApi(id, 'approve', { ...vote, revision: `sha256:${'0'.repeat(64)}` })).rejects.toThrow()
  })

  it('names what it does not find', async () => {
    const ci = as('developer')
    const evidence = { ...ci, kind: 'evaluation', file: join(folder, 'evaluation.json') }
    await expect(addEvidenceFile({ ...evidence, model: 'frau', version: '7.0.0' })).rejects.toThrow(
      'There is no model named frau here.',
    )
    await expect(addEvidenceFile({ ...evidence, model: 'flights', version: '9.9.9' })).rejects.toThrow(
      'flights has no version 9.9.9.',
    )
    const request = { ...ci, model: 'flights', version: '1.0.0', reason: 'passed' }
    await expect(requestByApi({ ...request, env: 'prod' })).rejects.toThrow(/There are: .*production/)
    await expect(importCard(evidence.file, { ...ci, model: 'flights', reason: 'none' })).rejects.toThrow('--version')
  })
})
