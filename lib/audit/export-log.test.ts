import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { housekeep } from '#lib/platform/housekeep.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { exportLog } from './export-log.ts'
import { listEntries } from './reads.ts'
import { sequenceEntries } from './sequence.ts'
import { verifyExport } from './verify-export.ts'

let t: TestSystem
let ws: TestWorkspace
let folder: string
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
})
afterAll(() => t.close())
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-export-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('an export of the log', () => {
  it('is refused before there is a checkpoint, and leaves nothing', async () => {
    await expect(exportLog(await ws.as('auditor'), folder)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await readdir(folder)).toEqual([])
  })

  it('is refused to roles without audit:export, and the denial is recorded', async () => {
    await expect(exportLog(await ws.as('operator'), folder)).rejects.toMatchObject({ code: 'forbidden' })
    const denied = await listEntries(await ws.as('auditor'), { kind: 'audit:export', outcome: 'denied' })
    expect(denied.items).toHaveLength(1)
  })

  it('holds the contents of this workspace, and of others their digests alone', async () => {
    const other = await t.workspace()
    const secret = 'a-name-that-others-must-not-see'
    await registerModel(await other.as('developer'), { name: secret, title: secret })
    for (let i = 0; i < 300; i++)
      await registerModel(await ws.as('developer'), { name: `model-${i}`, title: `Model ${i}` })
    await sequenceEntries(t.system)
    const auditor = await ws.as('auditor')
    await sequenceEntries(t.system)
    const made = await exportLog(auditor, folder)
    const report = await verifyExport(folder, { vkey: made.vkey })
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ ok: true, keyTrusted: true, size: made.size, root: made.root })
    expect(report.contents).toEqual({ checked: made.contents, erased: 0, unjudged: 0, unnamed: 0 })
    expect(made.contents).toBeGreaterThan(300)
    expect(made.size).toBeGreaterThan(made.contents)
    expect(await readFile(path.join(folder, 'entries.ndjson'), 'utf8')).not.toContain(secret)
    expect(await readFile(path.join(folder, 'log.vkey'), 'utf8')).toBe(`${made.vkey}\n`)
    expect(await readFile(path.join(folder, 'README.txt'), 'utf8')).toContain(`${made.size} entries`)
  })

  it('lets nobody change what its instructions say, figures included', async () => {
    const { vkey } = await exportLog(await ws.as('auditor'), folder)
    const file = path.join(folder, 'README.txt')
    const text = await readFile(file, 'utf8')
    for (const changed of [
      text.replace(/\d+ entries/, '9 entries'),
      text.replace(/contents of \d+/, 'contents of 9'),
      'x',
    ]) {
      await writeFile(file, changed)
      const { findings } = await verifyExport(folder, { vkey })
      expect(findings).toMatchObject([{ kind: 'readme-differs', where: 'README.txt' }])
    }
  })

  it('is an entry itself, made before it', async () => {
    const auditor = await ws.as('auditor')
    const made = await exportLog(auditor, folder)
    const [entry] = (await listEntries(auditor, { kind: 'audit:export', outcome: 'done' })).items
    expect(entry).toMatchObject({ index: null, content: { after: { size: made.size, root: made.root } } })
  })

  it('says of an erased entry that it was erased', async () => {
    const auditor = await ws.as('auditor')
    await sequenceEntries(t.system)
    const [entry] = (await listEntries(auditor, { kind: 'model:register', limit: 1 })).items
    t.clock.advance(200 * 86_400_000)
    await housekeep(t.system, 'retention', (tx) =>
      tx
        .updateTable('audit_detail')
        .set({ content: null, salt: '', erased_at: t.clock.now() })
        .where('entry_id', '=', entry!.id)
        .execute(),
    )
    const { vkey } = await exportLog(auditor, folder)
    expect(await verifyExport(folder, { vkey })).toMatchObject({ ok: true, contents: { erased: 1 } })
    expect((await listEntries(auditor, { resourceId: entry!.resource.id })).items[0]).toMatchObject({ content: null })
  })

  it('does not change while the log grows', async () => {
    const auditor = await ws.as('auditor')
    const developer = await ws.as('developer')
    const growing = (async () => {
      for (let i = 0; i < 30; i++) {
        await registerModel(developer, { name: `growing-${i}`, title: 'Growing' })
        await sequenceEntries(t.system)
      }
    })()
    const made = await exportLog(auditor, folder)
    await growing
    expect(await verifyExport(folder, { vkey: made.vkey })).toMatchObject({ ok: true, size: made.size })
  })

  it('goes into no folder that holds something', async () => {
    await writeFile(path.join(folder, 'mine.txt'), 'mine')
    await expect(exportLog(await ws.as('auditor'), folder)).rejects.toMatchObject({ code: 'invalid' })
    expect(await readdir(folder)).toEqual(['mine.txt'])
  })
})
