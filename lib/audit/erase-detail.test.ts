import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { eraseDetail, type EraseDetailInput } from './erase-detail.ts'
import { exportLog, type ExportDetail } from './export-log.ts'
import { eraseContents } from './queries-erase.ts'
import { listEntries, readEntry } from './reads.ts'
import { retainDetail } from './retain.ts'
import { sequenceEntries } from './sequence.ts'
import { verifyExport, type VerifyReport } from './verify-export.ts'

const dayMs = 86_400_000
const reason = 'request of the data subject, ticket 4711'
let t: TestSystem
let ws: TestWorkspace
let admin: Ctx
let dana: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  admin = await ws.as('admin', 'ada')
  dana = await ws.as('developer', 'dana-the-developer')
  await registerModel(dana, { name: 'fraud', title: 'Fraud' })
})
afterAll(() => t.close())

const registered = async () => (await listEntries(admin, { kind: 'model:register', limit: 1 })).items[0]!

async function exported<T>(detail: ExportDetail, look: (folder: string, vkey: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-erase-'))
  try {
    await sequenceEntries(t.system)
    const { vkey } = await exportLog(admin, folder, detail)
    return await look(folder, vkey)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
const verified = (detail: ExportDetail): Promise<VerifyReport> =>
  exported(detail, (folder, vkey) => verifyExport(folder, { vkey }))

describe('personal detail (ASVS 16.2.5)', () => {
  it('is in no leaf and not in the content under its digest', async () => {
    await exported('all', async (folder) => {
      const lines = (await readFile(path.join(folder, 'entries.ndjson'), 'utf8')).split('\n').slice(0, -2)
      const entries = lines.map((line) => JSON.parse(line) as { entry: unknown; person: unknown })
      expect(JSON.stringify(entries.map((e) => e.entry))).not.toContain('dana')
      expect(JSON.stringify(entries.map((e) => e.person))).toContain('dana-the-developer')
    })
  })

  it('is exported or left out, and verifies both ways', async () => {
    expect(await verified('all')).toMatchObject({ ok: true, contents: { unnamed: 0, erased: 0 } })
    const impersonal = await verified('impersonal')
    expect(impersonal).toMatchObject({ ok: true, contents: { erased: 0 } })
    expect(impersonal.contents.unnamed).toBe(impersonal.contents.checked)
    expect(await verified('none')).toMatchObject({ ok: true, contents: { checked: 0 } })
    await exported('impersonal', async (folder) => {
      expect(await readFile(path.join(folder, 'entries.ndjson'), 'utf8')).not.toContain('dana')
    })
  })

  it('cannot be exchanged for another person in an export', async () => {
    await exported('all', async (folder, vkey) => {
      const file = path.join(folder, 'entries.ndjson')
      await writeFile(file, (await readFile(file, 'utf8')).replace('"dana-the-developer"', '"mara-the-developer"'))
      const { findings } = await verifyExport(folder, { vkey })
      expect(findings[0]).toMatchObject({ kind: 'content-mismatch', message: expect.stringContaining('personal part') })
    })
  })

  it('of a person is erased at any time, and what was done stays', async () => {
    const before = await registered()
    const erased = await eraseDetail(admin, { of: { identityId: dana.actorId }, scope: 'person', reason })
    expect(erased).toMatchObject({ more: false })
    expect(erased.entries).toBeGreaterThanOrEqual(2)
    const after = await registered()
    expect(after.content).toMatchObject({
      action: 'model:register',
      because: before.content!.because,
      after: before.content!.after,
      actor: { name: 'erased', erased: true, kind: 'person' },
    })
    expect(after).toMatchObject({ digest: before.digest, actorId: dana.actorId })
    const bound = (await listEntries(admin, { kind: 'member:bind' })).items
    expect(JSON.stringify(bound)).not.toContain('dana')
    const report = await verified('all')
    expect(report.findings).toEqual([])
    expect(report.contents.unnamed).toBe(erased.entries)
    const [entry] = (await listEntries(admin, { kind: 'audit:erase', outcome: 'done' })).items
    expect(entry).toMatchObject({ content: { because: reason, after: { scope: 'person', entries: erased.entries } } })
    expect(JSON.stringify(entry)).not.toContain('dana')
  })
})

describe('what an entry says', () => {
  it('is kept for six months, which no role shortens, and then may be erased; its digest stays', async () => {
    const entry = await registered()
    const all = { of: { entryId: entry.id }, scope: 'all', reason } as const
    await expect(eraseDetail(admin, all)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining("six months are the law's floor"),
    })
    t.clock.advance(184 * dayMs)
    expect(await eraseDetail(admin, all)).toEqual({ entries: 1, more: false })
    const { content, digest, receipt } = await readEntry(admin, entry.id)
    expect(content).toBeNull()
    expect(JSON.parse(receipt!.leaf)).toMatchObject({ digest })
    await expect(eraseDetail(admin, all)).rejects.toMatchObject({ code: 'conflict' })
    expect(await verified('all')).toMatchObject({ ok: true, contents: { erased: 1 } })
  })

  it('cannot be erased earlier by the database role that the product writes with', async () => {
    await registerModel(await ws.as('developer', 'eve'), { name: 'young', title: 'Young' })
    const entry = await registered()
    const early = housekeep(t.system, 'retention', (tx) => eraseContents(tx, [entry.id], t.clock.now()))
    await expect(early).rejects.toThrow('kept for six months at least')
  })

  it('is retained for the floor at least, whatever a configuration object says', async () => {
    const system = { ...t.system, config: { ...t.system.config, auditRetentionDays: 1 } }
    expect(await retainDetail(t.system)).toBe(0)
    const young = await registered()
    while ((await retainDetail(system)) > 0);
    expect((await registered()).content).not.toBeNull()
    t.clock.advance(184 * dayMs + 1)
    await sequenceEntries(t.system)
    expect(await retainDetail(system)).toBeGreaterThan(0)
    expect((await readEntry(admin, young.id)).content).toBeNull()
    const [told] = (await listEntries(systemCtx(t.system), { kind: 'audit:retain', limit: 1 })).items
    expect(told).toMatchObject({ content: { after: { days: 184 } } })
    expect(await verified('all')).toMatchObject({ ok: true })
  })
})

describe('erasing', () => {
  it('is for admins: everybody else is denied, and the denial recorded (ASVS 16.3.2)', async () => {
    const entry = (await listEntries(admin, { limit: 1 })).items[0]!
    const input: EraseDetailInput = { of: { entryId: entry.id }, scope: 'person', reason }
    for (const role of ['auditor', 'operator', 'developer', 'approver'] as const)
      await expect(eraseDetail(await ws.as(role), input)).rejects.toMatchObject({ code: 'forbidden' })
    const denied = await listEntries(admin, { kind: 'audit:erase', outcome: 'denied' })
    expect(denied.items).toHaveLength(4)
  })

  it("does not find another workspace's entries", async () => {
    const other = await t.workspace()
    const stranger = await other.as('admin', 'otto')
    const entry = (await listEntries(admin, { limit: 1 })).items[0]!
    await expect(eraseDetail(stranger, { of: { entryId: entry.id }, scope: 'person', reason })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it.each<[string, unknown]>([
    ['no reason', { of: { entryId: 'ae_1' }, scope: 'person', reason: ' ' }],
    ['nobody', { of: {}, scope: 'person', reason }],
    ['all of a person', { of: { identityId: 'id_1' }, scope: 'all', reason }],
    ['an unknown scope', { of: { entryId: 'ae_1' }, scope: 'half', reason }],
  ])('refuses %s', async (_, input) => {
    await expect(eraseDetail(admin, input as EraseDetailInput)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('takes the name out of what was done to a membership', async () => {
    const person = { issuer: 'https://idp.test', subject: 'pia-secret', name: 'Pia Secret', role: 'viewer' as const }
    const { identityId } = await bindRole(systemCtx(t.system, ws.id), person)
    await eraseDetail(admin, { of: { identityId }, scope: 'person', reason })
    expect(JSON.stringify((await listEntries(admin, { kind: 'member:bind' })).items)).not.toContain('ecret')
  })
})
