import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { editCard } from './edit-card.ts'
import type { EditCardInput } from './model-card.ts'
import { diffCards, listCardRevisions, readCard, selectCurrentCard } from './reads-card.ts'
import { registerModel } from './register-model.ts'
import { registerVersion } from './register-version.ts'
import { completeCard } from './testing/card.ts'

let t: TestSystem
let ws: TestWorkspace
let dana: Ctx
let modelId: string
let versions = 0
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  dana = await ws.as('developer', 'dana')
  modelId = (await registerModel(dana, { name: 'fraud', title: 'Fraud', risk: 'high' })).id
})
afterAll(() => t.close())

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
async function version(card = '# Fraud\n'): Promise<string> {
  versions += 1
  const digest = sha256(String(versions))
  return (await registerVersion(dana, { modelId, version: `${versions}.0.0`, digest, artifactUri: 'file:///m', card }))
    .id
}
const edit = (versionId: string, more: Partial<EditCardInput> = {}): EditCardInput => ({
  versionId,
  text: completeCard,
  expectedDigest: sha256('# Fraud\n'),
  reason: 'the card was written',
  ...more,
})
const entriesOf = (id: string) =>
  t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.kind', 'e.outcome', 'd.content'])
    .where('e.resource_id', '=', id)
    .where('e.kind', '=', 'card:edit')
    .orderBy('e.id')
    .execute()

describe('editing a card', () => {
  it('writes the next revision with its entry, and gives back the very bytes', async () => {
    const versionId = await version()
    const text = `\uFEFF${completeCard.replaceAll('\n', '\r\n')}  \t\r\n`
    expect(await editCard(dana, edit(versionId, { text }))).toMatchObject({ revision: 1, digest: sha256(text) })
    const card = await readCard(dana, { versionId })
    expect(Buffer.from(card.text).equals(Buffer.from(text))).toBe(true)
    expect(card).toMatchObject({ revision: 1, complete: true, missing: [], createdBy: { name: 'dana' } })
    expect(card.versionDigest).toMatch(/^sha256:/)
    const [entry] = await entriesOf(versionId)
    expect(JSON.parse(entry?.content ?? '{}')).toMatchObject({
      outcome: 'done',
      before: { revision: 0, digest: sha256('# Fraud\n') },
      after: { revision: 1, digest: sha256(text), complete: true, missing: [] },
      policies: [card.policy.digest],
    })
    expect(entry?.content).not.toContain('euro area')
  })

  it('keeps every revision, newest first, down to the registered one', async () => {
    const versionId = await version()
    await editCard(dana, edit(versionId))
    await editCard(dana, edit(versionId, { text: '# Two\n', expectedDigest: sha256(completeCard) }))
    const first = await listCardRevisions(dana, { versionId, limit: 1 })
    const rest = await listCardRevisions(dana, { versionId, limit: 2, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...rest.items].map((r) => r.revision)).toEqual([2, 1, 0])
    expect(rest.nextCursor).toBeNull()
    expect((await readCard(dana, { versionId, revision: 1 })).text).toBe(completeCard)
    expect((await readCard(dana, { versionId, revision: 0 })).text).toBe('# Fraud\n')
    await expect(readCard(dana, { versionId, revision: 3 })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('tells what differs between revisions and between versions', async () => {
    const [one, two] = [await version(completeCard), await version(completeCard.replace('0.97', '0.91'))]
    const diff = await diffCards(dana, { before: { versionId: one }, after: { versionId: two } })
    expect(diff.fields).toEqual([{ path: 'model-index[0].results[0].metrics[0].value', before: 0.97, after: 0.91 }])
    expect(diff.lines.filter((l) => l.kind !== 'same').map((l) => l.kind)).toEqual(['removed', 'added'])
  })

  it('lets one of ten writers through who have read the same card', async () => {
    const versionId = await version()
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => editCard(dana, edit(versionId, { text: `# Writer ${i}\n` }))),
    )
    expect(all.filter((a) => a.status === 'fulfilled')).toHaveLength(1)
    for (const a of all) if (a.status === 'rejected') expect(a.reason).toMatchObject({ code: 'stale-revision' })
    expect((await readCard(dana, { versionId })).revision).toBe(1)
  })

  it('refuses what changes nothing, a stale card, another workspace, another role and bad input', async () => {
    const versionId = await version()
    const other = await (await t.workspace()).as('developer')
    await expect(editCard(dana, edit(versionId, { text: '# Fraud\n' }))).rejects.toMatchObject({ code: 'conflict' })
    await expect(editCard(dana, edit(versionId, { expectedDigest: sha256('x') }))).rejects.toMatchObject({
      code: 'stale-revision',
      details: { digest: sha256('# Fraud\n'), revision: 0 },
    })
    await expect(editCard(other, edit(versionId))).rejects.toMatchObject({ code: 'not-found' })
    await expect(readCard(other, { versionId })).rejects.toMatchObject({ code: 'not-found' })
    await expect(editCard(dana, edit(versionId, { text: '---\na: &x 1\n---\n' }))).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'text' }] },
    })
    await expect(editCard(dana, edit(versionId, { reason: '' }))).rejects.toMatchObject({
      details: { errors: [{ path: 'reason' }] },
    })
    expect(await entriesOf(versionId)).toEqual([])
    await expect(editCard(await ws.as('approver'), edit(versionId))).rejects.toMatchObject({ code: 'forbidden' })
    expect(await entriesOf(versionId)).toMatchObject([{ outcome: 'denied' }])
  })

  it('leaves no way to rewrite a revision', async () => {
    const versionId = await version()
    await editCard(dana, edit(versionId))
    const { writerOf } = await import('#lib/platform/db/writer.ts')
    const rewrite = writerOf(t.system).updateTable('model_card').set({ text: 'x' }).execute()
    await expect(rewrite).rejects.toThrow('written once')
  })
})

describe('what approvals bind of a card', () => {
  it('is the digest of the newest revision, and what is missing by title', async () => {
    const versionId = await version()
    const before = await selectCurrentCard(t.system.db, versionId)
    expect(before).toMatchObject({ revision: 0, digest: sha256('# Fraud\n'), complete: false })
    expect(before?.missing).toContain('Limitations')
    await editCard(dana, edit(versionId))
    expect(await selectCurrentCard(t.system.db, versionId)).toMatchObject({
      revision: 1,
      digest: sha256(completeCard),
      complete: true,
      missing: [],
      createdById: dana.actorId,
    })
    expect(await selectCurrentCard(t.system.db, 'mv_none')).toBeUndefined()
  })

  it('reads a registered text that is no card as incomplete, with the reason', async () => {
    const versionId = await version('---\na: &x 1\n---\n')
    const card = await readCard(dana, { versionId })
    expect(card).toMatchObject({ frontMatter: null, complete: false, missing: ['Front matter that can be read'] })
    expect(card.checks[0]?.because).toContain('anchor')
  })
})
