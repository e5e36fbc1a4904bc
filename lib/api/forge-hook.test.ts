import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectForge } from '#lib/forges/connect-forge.ts'
import { disableForge } from '#lib/forges/disable-forge.ts'
import { listForges } from '#lib/forges/reads.ts'
import {
  commit,
  githubHeaders,
  gitlabHeaders,
  gitlabSigned,
  pipeline,
  workflowRun,
} from '#lib/forges/testing/deliveries.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { withdrawEvidence } from '#lib/models/withdraw-evidence.ts'
import { host, testApi, type Site, type TestApi } from './testing/api.ts'

let api: TestApi
let site: Site
let github: { id: string; hookSecret: string }
let gitlab: { id: string; hookSecret: string }
let versions = 0
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  const admin = site.people.admin.ctx
  github = await connectForge(admin, { name: 'github', kind: 'github', repository: 'acme/fraud' })
  gitlab = await connectForge(admin, { name: 'gitlab', kind: 'gitlab', repository: 'acme/models/fraud' })
})
afterAll(() => api.close())

const now = () => api.t.clock.now()
const shaOf = (n: number) => n.toString(16).padStart(40, 'a')
/** A version that was built of a commit of its own. */
async function built() {
  versions += 1
  const sha = shaOf(versions)
  const { id } = await registerVersion(site.people.developer.ctx, {
    modelId: site.ids.modelId,
    version: `2.0.${versions}`,
    digest: `sha256:${sha.padStart(64, 'b')}`,
    artifactUri: 's3://models/fraud',
    lineage: { code: `git+https://forge.example/acme/fraud@${sha}` },
  })
  return { id, sha }
}
async function deliver(id: string, body: string, headers: Record<string, string>, type = 'application/json') {
  const path = `http://${host}/api/v1/hooks/forges/${id}`
  const init = { method: 'POST', headers: { host, 'content-type': type, ...headers }, body }
  const response = await api.api.request(path, init)
  const answer = (await response.json()) as { recorded?: number; detail?: string }
  return { status: response.status, ...answer }
}
const evidenceOf = async (versionId: string) =>
  api.t.system.db
    .selectFrom('evidence')
    .selectAll()
    .where('version_id', '=', versionId)
    .where('kind', '=', 'ci-run')
    .orderBy('id')
    .execute()
const entriesOf = async (versionId: string) =>
  api.t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.outcome', 'd.content'])
    .where('e.kind', '=', 'evidence:add')
    .where('e.resource_id', '=', versionId)
    .execute()

describe('a run of GitHub that succeeded', () => {
  it('is evidence of the versions that were built of its commit, with an entry and a statement, and of no other', async () => {
    const [mine, other] = [await built(), await built()]
    const body = JSON.stringify(workflowRun({ at: now(), sha: mine.sha }))
    expect(await deliver(github.id, body, githubHeaders(github.hookSecret, body))).toEqual({ status: 202, recorded: 1 })
    const [made] = await evidenceOf(mine.id)
    expect(made).toMatchObject({
      content: {
        result: 'passed',
        forge: 'github',
        repository: 'acme/fraud',
        workflow: 'Train and test',
        commit: mine.sha,
        ref: 'main',
        runId: '30433642',
        attempt: 1,
        url: 'https://github.com/acme/fraud/actions/runs/30433642',
      },
      source: { kind: 'ci', id: 'github:acme/fraud/runs/30433642' },
      measured_at: now(),
    })
    const [entry] = await entriesOf(mine.id)
    expect(entry?.outcome).toBe('done')
    expect(entry?.content).toContain('github says that run 30433642 of acme/fraud succeeded.')
    expect(await evidenceOf(other.id)).toEqual([])
    const { items } = await listForges(site.people.viewer.ctx)
    expect(items.find((f) => f.id === github.id)).toMatchObject({ recorded: 1 })
  })

  it('counts once: sent again, under another id, and after its evidence was withdrawn', async () => {
    const { id, sha } = await built()
    const body = JSON.stringify(workflowRun({ at: now(), sha }))
    const send = (delivery: string) => deliver(github.id, body, githubHeaders(github.hookSecret, body, delivery))
    const both = await Promise.all([send('delivery-one'), send('delivery-one')])
    expect(both.filter((answer) => answer.recorded === 1)).toHaveLength(1)
    expect(await send('delivery-one')).toEqual({ status: 202, recorded: 0 })
    expect(await send('delivery-two')).toEqual({ status: 202, recorded: 0 })
    const [made] = await evidenceOf(id)
    await withdrawEvidence(site.people.admin.ctx, { evidenceId: made!.id, reason: 'the tests were wrong' })
    expect(await send('delivery-three')).toEqual({ status: 202, recorded: 0 })
    expect(await evidenceOf(id)).toHaveLength(1)
    const later = JSON.stringify({ ...workflowRun({ at: now(), sha }), more: 1 })
    const headers = githubHeaders(github.hookSecret, later, 'delivery-one')
    expect(await deliver(github.id, later, headers)).toEqual({ status: 202, recorded: 0 })
  })

  it('is nothing when it failed, has not ended, is of a fork, or of another event', async () => {
    const { id, sha } = await built()
    const others = [
      workflowRun({ at: now(), sha, conclusion: 'failure' }),
      workflowRun({ at: now(), sha, conclusion: '' }),
      workflowRun({ at: now(), sha, from: 'mallory/fraud' }),
    ]
    for (const payload of others) {
      const body = JSON.stringify(payload)
      expect(await deliver(github.id, body, githubHeaders(github.hookSecret, body))).toEqual({
        status: 202,
        recorded: 0,
      })
    }
    const body = JSON.stringify({ zen: 'Keep it logically awesome.', hook_id: 1 })
    const ping = { ...githubHeaders(github.hookSecret, body), 'x-github-event': 'ping' }
    expect(await deliver(github.id, body, ping)).toEqual({ status: 202, recorded: 0 })
    expect(await evidenceOf(id)).toEqual([])
  })

  it('cannot be added by people: only its forge says it', async () => {
    const body = { kind: 'ci-run', content: { result: 'passed' } }
    const path = `/api/v1/versions/${site.ids.versionId}/evidence`
    expect(await api.call('POST', path, { token: site.people.developer.token, body })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'kind' }] },
    })
  })
})

describe('a delivery is refused', () => {
  const sent = () => JSON.stringify(workflowRun({ at: now() }))
  const good = (body: string) => githubHeaders(github.hookSecret, body)
  it.each<[string, (body: string) => Record<string, string>]>([
    ['without a signature', (body) => ({ ...good(body), 'x-hub-signature-256': '' })],
    ['with the signature of another body', (body) => good(`${body} `)],
    ['with the signature by another secret', (body) => githubHeaders('another secret', body)],
    ['with the older SHA-1 signature alone', (body) => ({ ...good(body), 'x-hub-signature-256': 'sha1=00' })],
    ['without the id of a delivery', (body) => ({ ...good(body), 'x-github-delivery': '' })],
    ['with GitLab’s token instead', () => gitlabHeaders(github.hookSecret)],
  ])('%s', async (_, headers) => {
    const body = sent()
    const answer = await deliver(github.id, body, headers(body))
    expect(answer).toMatchObject({
      status: 401,
      detail: 'This delivery is not signed by a repository that is connected here.',
    })
  })

  it('of no connection whose signing token decodes to no key: it is not made', async () => {
    const weak = { name: 'weak', kind: 'gitlab', repository: 'acme/fraud', secret: `whsec_${'!'.repeat(32)}` } as const
    await expect(connectForge(site.people.admin.ctx, weak)).rejects.toMatchObject({ code: 'invalid' })
    const strong = { ...weak, name: 'strong', secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` }
    await expect(connectForge(site.people.admin.ctx, strong)).resolves.toMatchObject({ hookSecret: strong.secret })
  })

  it('in the same words where there is no such connection, and where it was disabled', async () => {
    const body = sent()
    const gone = await connectForge(site.people.admin.ctx, { name: 'gone', kind: 'github', repository: 'acme/fraud' })
    await disableForge(site.people.admin.ctx, { forgeId: gone.id, reason: 'it moved' })
    const unknown = gone.id.replace(/.{4}$/, '0000')
    const [one, two] = [
      await deliver(gone.id, body, githubHeaders(gone.hookSecret, body)),
      await deliver(unknown, body, githubHeaders('no such connection', body)),
    ]
    expect([one.status, one.detail]).toEqual([two.status, two.detail])
    expect(one.status).toBe(401)
    expect((await deliver('nonsense', body, good(body))).status).toBe(404)
  })

  it('of another content type, too large, no JSON, of another repository, or of long ago', async () => {
    const told = async (body: string, type?: string) => {
      const { status, detail } = await deliver(github.id, body, good(body), type)
      return [status, detail]
    }
    expect((await told(sent(), 'application/x-www-form-urlencoded'))[0]).toBe(415)
    expect((await told('x'.repeat(1_048_577)))[0]).toBe(413)
    expect(await told('not JSON')).toEqual([400, expect.stringContaining('not JSON')])
    const elsewhere = JSON.stringify(workflowRun({ at: now(), repository: 'mallory/fraud' }))
    expect(await told(elsewhere)).toEqual([400, expect.stringContaining('not of acme/fraud')])
    const old = JSON.stringify(workflowRun({ at: new Date(now().getTime() - 4 * 86_400_000 - 1000) }))
    expect(await told(old)).toEqual([400, expect.stringContaining('four days ago')])
    const ahead = JSON.stringify(workflowRun({ at: new Date(now().getTime() + 301_000) }))
    expect(await told(ahead)).toEqual([400, expect.stringContaining('not ended yet')])
    const short = JSON.stringify(workflowRun({ at: now(), sha: commit.slice(0, 12) }))
    expect(await told(short)).toEqual([400, expect.stringContaining('head_sha')])
  })
})

describe('a pipeline of GitLab that succeeded', () => {
  it('is evidence by the secret token and by the newer signature', async () => {
    const [one, two] = [await built(), await built()]
    const first = JSON.stringify(pipeline({ at: now(), sha: one.sha }))
    expect(await deliver(gitlab.id, first, gitlabHeaders(gitlab.hookSecret))).toEqual({ status: 202, recorded: 1 })
    const second = JSON.stringify(pipeline({ at: now(), sha: two.sha }))
    const signed = gitlabSigned(gitlab.hookSecret, second, now())
    expect(await deliver(gitlab.id, second, signed)).toEqual({ status: 202, recorded: 1 })
    expect(await deliver(gitlab.id, second, signed)).toEqual({ status: 202, recorded: 0 })
    for (const { id, sha } of [one, two])
      expect(await evidenceOf(id)).toMatchObject([{ content: { forge: 'gitlab', commit: sha, runId: '31' } }])
  })

  it('is refused with a wrong token, a forged or old signature, which a good token does not save', async () => {
    const body = JSON.stringify(pipeline({ at: now() }))
    const old = new Date(now().getTime() - 301_000)
    const token = gitlabHeaders(gitlab.hookSecret)
    const wrong = [
      gitlabHeaders('another token'),
      gitlabHeaders(''),
      { ...token, ...gitlabSigned('whsec_AAAA', body, now()) },
      { ...token, ...gitlabSigned(gitlab.hookSecret, `${body} `, now()) },
      { ...token, ...gitlabSigned(gitlab.hookSecret, body, old) },
    ]
    for (const headers of wrong) expect((await deliver(gitlab.id, body, headers)).status).toBe(401)
  })

  it('is nothing when it failed, runs, or runs the code of a fork', async () => {
    const { id, sha } = await built()
    const others = [
      pipeline({ at: now(), sha, status: 'failed' }),
      pipeline({ at: now(), sha, status: 'running' }),
      pipeline({ at: now(), sha, sourceProject: 2 }),
    ]
    for (const payload of others) {
      const answer = await deliver(gitlab.id, JSON.stringify(payload), gitlabHeaders(gitlab.hookSecret))
      expect(answer).toEqual({ status: 202, recorded: 0 })
    }
    expect(await evidenceOf(id)).toEqual([])
  })
})
