import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { digestOfFiles } from '#lib/platform/artifact-digest.ts'
import { createEnvironment } from './create-environment.ts'
import type { RegisterModelInput, RegisterVersionInput } from './model.ts'
import { listEnvironments, listModels, listVersions, readModel, readVersion } from './reads.ts'
import { registerModel } from './register-model.ts'
import { registerVersion } from './register-version.ts'
import { setAlias } from './set-alias.ts'

let t: TestSystem
let ws: TestWorkspace
let dana: Ctx
let modelId: string
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  dana = await ws.as('developer', 'dana')
  modelId = (await registerModel(dana, { name: 'fraud', title: 'Fraud', risk: 'high', labels: ['risk'] })).id
})
afterAll(() => t.close())

const version = (number: string, more: Partial<RegisterVersionInput> = {}): RegisterVersionInput => ({
  modelId,
  version: number,
  digest: `sha256:${'a'.repeat(64)}`,
  artifactUri: 'file:///m',
  ...more,
})
const entriesOf = (id: string) =>
  t.system.db.selectFrom('audit_entry').select(['kind', 'outcome']).where('resource_id', '=', id).execute()

describe('registering a model', () => {
  it('writes it with its entry, and reads it by id and by name', async () => {
    expect(await readModel(dana, 'fraud')).toMatchObject({
      id: modelId,
      risk: 'high',
      labels: ['risk'],
      aliases: [],
      serving: [],
    })
    expect((await readModel(dana, modelId)).name).toBe('fraud')
    expect(await entriesOf(modelId)).toEqual([{ kind: 'model:register', outcome: 'done' }])
  })

  it('refuses a name that is taken, also of many at once; another workspace has its own', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => registerModel(dana, { name: 'twin', title: 'Twin' })),
    )
    expect(all.filter((a) => a.status === 'fulfilled')).toHaveLength(1)
    for (const a of all) if (a.status === 'rejected') expect(a.reason).toMatchObject({ code: 'conflict' })
    const other = await t.workspace()
    await expect(registerModel(await other.as('developer'), { name: 'fraud', title: 'Fraud' })).resolves.toBeDefined()
    await expect(readModel(await other.as('viewer'), modelId)).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each<[string, unknown]>([
    ['name', { name: 'Not A Slug', title: 'x' }],
    ['title', { name: 'ok', title: '' }],
    ['risk', { name: 'ok', title: 'x', risk: 'none' }],
    ['labels.0', { name: 'ok', title: 'x', labels: ['UPPER'] }],
    ['description', { name: 'ok', title: 'x', description: 'x'.repeat(4_001) }],
  ])('names a wrong %s', async (path, input) => {
    await expect(registerModel(dana, input as RegisterModelInput)).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path }] },
    })
  })

  it('is for developers', async () => {
    await expect(registerModel(await ws.as('approver'), { name: 'mine', title: 'Mine' })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})

describe('registering a version', () => {
  it('writes it once: of twenty at once one succeeds', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => registerVersion(dana, version('1.0.0', { artifactUri: `file:///${i}` }))),
    )
    const won = all.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
    expect(won).toHaveLength(1)
    for (const a of all)
      if (a.status === 'rejected') expect(a.reason).toMatchObject({ code: 'conflict', details: { version: '1.0.0' } })
    expect(await readVersion(dana, won[0]!.id)).toMatchObject({
      artifactUri: won[0]!.artifactUri,
      createdBy: { id: dana.actorId },
    })
    expect(await entriesOf(won[0]!.id)).toEqual([{ kind: 'version:register', outcome: 'done' }])
  })

  it('holds the digest against the files that are listed', async () => {
    const files = [{ path: 'model.bin', size: 3, sha256: 'b'.repeat(64) }]
    await expect(registerVersion(dana, version('1.1.0', { files }))).rejects.toMatchObject({
      code: 'invalid',
      details: { expected: digestOfFiles(files) },
    })
    await expect(
      registerVersion(dana, version('1.1.0', { files, digest: digestOfFiles(files) })),
    ).resolves.toMatchObject({ version: '1.1.0' })
  })

  it.each<[string, Partial<RegisterVersionInput>]>([
    ['version', { version: 'v1' }],
    ['version', { version: '1.0' }],
    ['digest', { digest: 'md5:x' }],
    ['modelId', { modelId: 'x' }],
    ['evaluation.metrics.auc', { evaluation: { metrics: { auc: Number.NaN } } }],
    ['runOwner', { runOwner: { issuer: 'https://idp.test', subject: 'nobody' } }],
  ])('names a wrong %s: %j', async (path, more) => {
    await expect(registerVersion(dana, version('3.0.0', more))).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path }] },
    })
  })

  it('is refused for a model of another workspace', async () => {
    const other = await t.workspace()
    await expect(registerVersion(await other.as('developer'), version('9.0.0'))).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

describe('aliases', () => {
  it('are the worker’s to move, from what it last read', async () => {
    const [one, two] = [await registerVersion(dana, version('4.0.0')), await registerVersion(dana, version('4.1.0'))]
    const move = (ctx: Ctx, versionId: string, expectedVersionId: string | null) =>
      setAlias(ctx, { modelId, alias: 'champion', versionId, expectedVersionId, reason: 'promoted' })
    await expect(move(dana, one.id, null)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(move(ws.worker, one.id, null)).resolves.toEqual({ before: null, versionId: one.id })
    await expect(move(ws.worker, two.id, null)).rejects.toMatchObject({
      code: 'conflict',
      details: { observed: one.id },
    })
    const race = await Promise.allSettled(Array.from({ length: 10 }, () => move(ws.worker, two.id, one.id)))
    expect(race.filter((r) => r.status === 'fulfilled')).toHaveLength(1)
  })
})

describe('lists', () => {
  it('give each version once, newest first, page by page', async () => {
    const whole = (await listVersions(dana, modelId, { limit: 200 })).items.map((v) => v.id)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listVersions(dana, modelId, { limit: 2, cursor })
      seen.push(...page.items.map((v) => v.id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(whole)
    expect(seen).toEqual([...seen].sort().reverse())
  })

  it('find models by words, in which % and _ stand for themselves', async () => {
    await registerModel(dana, { name: 'percent', title: '100% sure' })
    const found = async (text: string) => (await listModels(dana, { text })).items.map((m) => m.name)
    expect(await found('100%')).toEqual(['percent'])
    expect(await found('%')).toEqual(['percent'])
    expect(await found('_')).toEqual([])
    expect(await found('FRAUD')).toEqual(['fraud'])
  })
})

describe('environments', () => {
  it('are made once, by an admin', async () => {
    const admin = await ws.as('admin')
    const made = await createEnvironment(admin, { name: 'production' })
    expect(made).toMatchObject({ name: 'production', protected: true })
    await expect(createEnvironment(admin, { name: 'production' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(createEnvironment(dana, { name: 'mine' })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await listEnvironments(dana)).toEqual([made])
  })
})
