import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerModel } from '#lib/models/register-model.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { parseVerifierKey } from './note-key.ts'
import { verifyProof } from './proof-format.ts'
import { listEntries, readEntry, readLogStatus, type ListEntriesInput } from './reads.ts'
import { sequenceEntries } from './sequence.ts'

let t: TestSystem
let ws: TestWorkspace
let auditor: Ctx
let developer: Ctx
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  auditor = await ws.as('auditor', 'ida')
  developer = await ws.as('developer', 'dana')
  const admin = await ws.as('admin', 'ada')
  for (const name of ['fraud', 'churn', 'spam']) {
    t.clock.advance(60_000)
    await registerModel(developer, { name, title: `The ${name} "model" 100%` })
  }
  await createEnvironment(admin, { name: 'production' })
  await createEnvironment(developer, { name: 'mine' }).catch(() => undefined)
})
afterAll(() => t.close())

const kinds = async (input: ListEntriesInput) => (await listEntries(auditor, input)).items.map((e) => e.content?.action)

describe('the list of audit entries', () => {
  it('is newest first, page by page, each entry once', async () => {
    const whole = (await listEntries(auditor, { limit: 200 })).items
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await listEntries(auditor, { limit: 3, cursor })
      seen.push(...page.items.map((e) => e.id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(whole.map((e) => e.id))
    expect(seen).toEqual([...seen].sort().reverse())
    expect(whole.every((e) => e.content?.workspace === ws.id)).toBe(true)
  })

  it.each<[string, ListEntriesInput, number]>([
    ['the action', { kind: 'model:register' }, 3],
    ['the outcome', { outcome: 'denied' }, 1],
    ['the kind of resource', { resourceKind: 'environment' }, 1],
    ['words of the content, whatever the case', { text: 'THE FRAUD' }, 1],
    ['words with quotation marks, as JSON writes them', { text: '"model"' }, 3],
    ['a per cent sign, which stands for itself', { text: '100%' }, 3],
    ['another per cent sign, which finds nothing', { text: 'fr%d' }, 0],
    ['a resource that is not there', { resourceId: 'mo_none' }, 0],
  ])('is narrowed by %s', async (_, input, count) => {
    expect(await kinds(input)).toHaveLength(count)
  })

  it('is narrowed by actor and by time', async () => {
    expect(await kinds({ actorId: developer.actorId })).toEqual([
      'environment:create',
      'model:register',
      'model:register',
      'model:register',
    ])
    const all = (await listEntries(auditor, { kind: 'model:register' })).items
    const [, second] = all
    expect(await kinds({ kind: 'model:register', from: second!.time })).toHaveLength(2)
    expect(await kinds({ kind: 'model:register', to: second!.time })).toHaveLength(1)
  })

  it.each<[string, unknown]>([
    ['a limit of none', { limit: 0 }],
    ['a limit too far', { limit: 201 }],
    ['a cursor that is none', { cursor: 'x' }],
    ['a filter that is not there', { colour: 'red' }],
    ['an endless text', { text: 'x'.repeat(201) }],
  ])('refuses %s', async (_, input) => {
    await expect(listEntries(auditor, input as ListEntriesInput)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('is not for roles without audit:read, and never of another workspace (ASVS 8.2.2)', async () => {
    await expect(listEntries(developer)).rejects.toMatchObject({ code: 'forbidden' })
    const other = await t.workspace()
    await expect(listEntries({ ...auditor, workspaceId: other.id })).rejects.toMatchObject({ code: 'forbidden' })
    const [entry] = (await listEntries(auditor)).items
    await expect(readEntry(await other.as('auditor'), entry!.id)).rejects.toMatchObject({ code: 'not-found' })
  })

  it("gives the installation's own entries to who has a role there alone", async () => {
    await expect(listEntries({ ...auditor, workspaceId: rootWorkspaceId })).rejects.toMatchObject({ code: 'forbidden' })
    const own = await listEntries(systemCtx(t.system), { kind: 'workspace:create' })
    expect(own.items.length).toBeGreaterThan(0)
  })
})

describe('one audit entry', () => {
  it('has no receipt before the sequencer came, and then one that a stranger can check', async () => {
    const [entry] = (await listEntries(auditor, { kind: 'model:register' })).items
    expect(await readEntry(auditor, entry!.id)).toMatchObject({ index: null, receipt: null })
    expect(await readLogStatus(auditor)).toMatchObject({ head: null, vkey: null })
    await sequenceEntries(t.system)
    const { receipt, index, digest, content } = await readEntry(auditor, entry!.id)
    expect(content).toMatchObject({
      action: 'model:register',
      after: { name: 'spam' },
      because: 'A new model was registered.',
    })
    const status = await readLogStatus(auditor)
    const proven = verifyProof(receipt!.proof, Buffer.from(receipt!.leaf), [parseVerifierKey(status.vkey!)])
    expect(String(proven.index)).toBe(index)
    expect(proven.checkpoint.size).toBe(status.head?.size)
    expect(JSON.parse(receipt!.leaf)).toMatchObject({ id: entry!.id, digest })
    const altered = Buffer.from(receipt!.leaf.replace('model:register', 'model:registe'))
    expect(() => verifyProof(receipt!.proof, altered, [parseVerifierKey(status.vkey!)])).toThrow('not shown to be')
  })

  it('shows before and after, and nothing once it was erased', async () => {
    const [entry] = (await listEntries(auditor, { resourceKind: 'environment' })).items
    expect(entry?.content).toMatchObject({ after: { name: 'production', protected: true } })
  })
})

describe('the status of the log', () => {
  it('tells head, key, backlog and lag', async () => {
    await sequenceEntries(t.system)
    await registerModel(developer, { name: 'waiting', title: 'Waiting' })
    t.clock.advance(7_000)
    const status = await readLogStatus(auditor)
    expect(status).toMatchObject({ origin: 'quarterdeck.local/log', backlog: 1, lagSeconds: 7 })
    expect(status.head?.size).toBeGreaterThan(5)
    expect(status.vkey).toMatch(/^quarterdeck\.local\/log\+[0-9a-f]{8}\+/)
    await expect(readLogStatus(developer)).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('both ways through the list (ASVS 16.4.2 read, not changed)', () => {
  it('goes back to the same pages by the previous cursor', async () => {
    const first = await listEntries(auditor, { limit: 2 })
    expect(first.previousCursor).toBeNull()
    const second = await listEntries(auditor, { limit: 2, cursor: first.nextCursor! })
    const back = await listEntries(auditor, { limit: 2, newer: second.previousCursor! })
    expect(back.items.map((e) => e.id)).toEqual(first.items.map((e) => e.id))
    expect(back.previousCursor).toBeNull()
    const again = await listEntries(auditor, { limit: 2, cursor: back.nextCursor! })
    expect(again.items.map((e) => e.id)).toEqual(second.items.map((e) => e.id))
  })
  it('takes one direction at a time', async () => {
    const { nextCursor } = await listEntries(auditor, { limit: 1 })
    const both = { cursor: nextCursor!, newer: nextCursor! }
    await expect(listEntries(auditor, both)).rejects.toMatchObject({ code: 'invalid' })
  })
  it('finds what was done by the same request', async () => {
    const [entry] = (await listEntries(auditor, { kind: 'model:register' })).items
    expect(entry?.requestId).toBe(entry?.content?.requestId)
    const { items } = await listEntries(auditor, { requestId: entry!.requestId! })
    expect(items.map((e) => e.requestId)).toEqual(items.map(() => entry!.requestId))
    expect(items.map((e) => e.id)).toContain(entry!.id)
  })
  it('combines every filter', async () => {
    const input = { kind: 'model:register', actorId: developer.actorId, outcome: 'done', text: 'churn' } as const
    const page = await listEntries(auditor, { ...input, resourceKind: 'model', limit: 1 })
    expect(page.items).toHaveLength(1)
    expect(page).toMatchObject({ nextCursor: null, previousCursor: null, lookedTo: null })
  })
})
