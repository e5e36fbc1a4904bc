import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testApi, type Site, type TestApi } from '#lib/api/testing/api.ts'
import { runningApi } from './testing/running.ts'

let api: TestApi
let site: Site
let cli: Awaited<ReturnType<typeof runningApi>>
let folder: string
beforeAll(async () => {
  api = await testApi()
  site = await api.site()
  cli = await runningApi(api)
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-governance-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cli.close()
  await api.close()
})
const as = (role: keyof Site['people']) => cli.as(site.people[role].token)

describe('quarterdeck audit search', () => {
  it('prints the entries that fit, and how to go on', async () => {
    const found = await as('auditor')(['audit', 'search', '--action', 'model:register', '--limit', '1'])
    expect(found).toMatchObject({ code: 0, stderr: '' })
    expect(found.stdout.split('\n')[0]).toMatch(
      /^20\S+ {2}done {4}model:register {2}developer\S* {2}model mo_\w+ {2}.+ae_\w+$/,
    )
    const json = await as('auditor')(['audit', 'search', '--resource', site.ids.modelId, '--json'])
    const { items } = JSON.parse(json.stdout) as { items: { resource: { id: string } }[] }
    expect(new Set(items.map((entry) => entry.resource.id))).toEqual(new Set([site.ids.modelId]))
    const none = await as('auditor')(['audit', 'search', '--text', 'words that nobody wrote'])
    expect(none.stdout).toContain('no entry fits')
  })

  it('is refused to who may not read the log, in the words of the server', async () => {
    const refused = await as('developer')(['audit', 'search', '--outcome', 'nonsense'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('outcome')
  })
})

describe('quarterdeck audit erase', () => {
  it('takes who it was out of one entry; the entry stays', async () => {
    const { entryId } = site.ids
    const done = await as('admin')(['audit', 'erase', '--entry', entryId, '--reason', 'asked for by its person'])
    expect(done).toMatchObject({ code: 0, stdout: '1 entry: detail erased, digests and proofs stay\n', stderr: '' })
    const kept = await api.t.system.db.selectFrom('audit_entry').select('id').where('id', '=', entryId).execute()
    expect(kept).toHaveLength(1)
  })

  it('wants one thing, and somebody who may', async () => {
    const both = await as('admin')(['audit', 'erase', '--person', 'id_x', '--entry', 'ae_x', '--reason', 'asked for'])
    expect(both).toMatchObject({ code: 1, stderr: expect.stringContaining('either --person') as string })
    const refused = await as('viewer')([
      'audit',
      'erase',
      '--entry',
      site.ids.entryId,
      '--reason',
      'asked for by its person',
    ])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('You may not do this') as string })
  })
})

describe('quarterdeck evidence add', () => {
  it('adds a file to a version by its names, and tells what a server refuses', async () => {
    const file = join(folder, 'scan.json')
    await writeFile(file, JSON.stringify({ counts: { critical: 0 } }))
    const of = [
      'evidence',
      'add',
      '--model',
      'flights',
      '--version',
      '1.0.0',
      '--kind',
      'security-scan',
      '--file',
      file,
    ]
    const added = await as('developer')(of)
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toMatch(/^ev_\w+ sha256:[0-9a-f]{64}\n$/)
    const [id = ''] = added.stdout.split(' ')
    const row = await api.t.system.db
      .selectFrom('evidence')
      .select(['kind', 'version_id'])
      .where('id', '=', id)
      .execute()
    expect(row).toEqual([{ kind: 'security-scan', version_id: site.ids.versionId }])
    expect((await as('viewer')(of)).stderr).toContain('You may not do this')
    await writeFile(file, 'not JSON')
    expect((await as('developer')(of)).stderr).toContain('not JSON')
  })
})

describe('quarterdeck break-glass', () => {
  it('is listed, and reviewed by another than its user', async () => {
    const { breakGlassId } = site.ids
    const listed = await as('approver')(['break-glass', 'list'])
    expect(listed.stdout).toMatch(
      new RegExp(`^${breakGlassId} 20\\S+ live flights@\\S+ in production by operator\\S*: review due`),
    )
    const review = [
      'break-glass',
      'review',
      breakGlassId,
      '--verdict',
      'accepted',
      '--reason',
      'there was no other way',
    ]
    expect(await as('operator')(review)).toMatchObject({ code: 1, stdout: '' })
    expect(await as('admin')(review)).toMatchObject({ code: 0, stdout: `${breakGlassId}: accepted\n` })
    expect((await as('approver')(['break-glass', 'list'])).stdout).toContain('accepted by admin')
  })

  it('is used, tied to an incident, and refused to who may not', async () => {
    const { versionId, environmentId, incidentId } = site.ids
    const at = ['--version-id', versionId, '--environment-id', environmentId, '--incident', incidentId]
    const use = ['break-glass', 'use', ...at, '--reason', 'production is down, this is the fix']
    expect((await as('developer')(use)).stderr).toContain('You may not do this')
    const used = await as('operator')(use)
    expect([used.code, used.stderr]).toEqual([0, ''])
    expect(used.stdout).toMatch(/^bg_\w+\nclears the version until 20\S+\nreview due 20\S+\n$/)
  })
})

describe('quarterdeck policy what-if', () => {
  it('ends with 0 where nothing would differ, and names what is wrong with a file', async () => {
    const policies = ['protected', 'unprotected'].map((name) =>
      join(import.meta.dirname, '..', 'policies', 'approvals', `${name}.yaml`),
    )
    const same = await as('approver')(['policy', 'what-if', ...policies])
    expect([same.code, same.stdout]).toEqual([0, ''])
    expect(same.stderr).toMatch(/^0 of \d+ requests would have come out otherwise\n$/)
    const file = join(folder, 'wrong.yaml')
    await writeFile(file, 'kind: Nonsense\n')
    expect(await as('approver')(['policy', 'what-if', file])).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('quarterdeck pack and trust', () => {
  it('are fetched with a token and an address: the bytes that the server made', async () => {
    const out = join(folder, 'pack.zip')
    const made = await as('auditor')(['pack', site.ids.versionId, '--out', out])
    expect([made.code, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/pack\.zip: sha256:[0-9a-f]{64}\n$/)
    expect((await readFile(out)).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
    expect((await as('auditor')(['pack', 'mo_1'])).stderr).toContain('not the id of')
    const trust = await cli.run(['trust'])
    expect(JSON.parse(trust.stdout)).toHaveProperty('keys')
  })
})
