import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderStore } from '#lib/platform/adapters/checkpoints/folder.ts'
import type { System } from '#lib/platform/context.ts'
import type { CheckpointStore } from '#lib/platform/ports/checkpoint-store.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { logVerifierKey } from './log-key.ts'
import { publishLog } from './publish.ts'
import { selectPublication } from './queries-publish.ts'
import { sequenceEntries } from './sequence.ts'
import { openNote, splitNote } from './signed-note.ts'
import { parseVerifierKey } from './note-key.ts'
import { appendOne } from './testing/log.ts'
import { testSigner } from './test-export.ts'
import { signCheckpoint } from './checkpoint.ts'
import { verifyExport } from './verify-export.ts'

let t: TestSystem
let folder: string
let store: CheckpointStore
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-publish-'))
  store = folderStore(folder, { keepsTiles: true })
  t = await testSystem({ ports: () => ({ checkpoints: () => [store] }) })
})
afterEach(async () => {
  await t.close()
  await rm(folder, { recursive: true, force: true })
})

const grow = async (count: number) => {
  for (let n = 0; n < count; n++) await appendOne(t.system, `entry ${n}`)
  await sequenceEntries(t.system)
}
const publish = async (system: System = t.system) => {
  t.clock.advance(60_000)
  return publishLog(system, 'worker-1')
}
const sizeThere = async () =>
  parseCheckpoint(splitNote(await readFile(path.join(folder, 'checkpoint'), 'utf8')).text).size

describe('publishing the log', () => {
  it('brings head and tiles to the place, from where any verifier accepts them (ASVS 16.4.3)', async () => {
    await grow(300)
    await publish()
    const vkey = await logVerifierKey(t.system.db)
    expect(await verifyExport(folder, { vkey: vkey! })).toMatchObject({ ok: true, size: await sizeThere() })
    await grow(300)
    await publish()
    expect(await verifyExport(folder, { vkey: vkey! })).toMatchObject({ ok: true, size: await sizeThere() })
    expect(await sizeThere()).toBeGreaterThanOrEqual(600)
  })

  it('is an entry the first time, and writes nothing where nothing is new', async () => {
    await grow(1)
    await publish()
    await sequenceEntries(t.system)
    await publish()
    const size = await sizeThere()
    await publish()
    expect(await sizeThere()).toBe(size)
    const kinds = await t.system.db
      .selectFrom('audit_entry')
      .select('kind')
      .where('kind', '=', 'audit:publish')
      .execute()
    expect(kinds).toHaveLength(1)
  })

  it('publishes only what a key of the log has signed', async () => {
    await grow(3)
    await publish()
    const vkey = parseVerifierKey((await logVerifierKey(t.system.db))!)
    expect(openNote(await readFile(path.join(folder, 'checkpoint')), [vkey]).verified).toHaveLength(1)
  })

  it('goes on after a process that died between publishing and saying so', async () => {
    await grow(5)
    let dies = true
    const dying = {
      ...store,
      writeCheckpoint: async (note: string, expected: string | undefined) => {
        await store.writeCheckpoint(note, expected)
        if (dies) throw new Error('the process died here')
      },
    }
    const system: System = { ...t.system, ports: { ...t.system.ports, checkpoints: () => [dying] } }
    await publish(system)
    expect((await selectPublication(t.system.db, store.target))?.note).toBeNull()
    dies = false
    await publish(system)
    expect((await selectPublication(t.system.db, store.target))?.note).toBe(
      await readFile(path.join(folder, 'checkpoint'), 'utf8'),
    )
    await grow(2)
    await publish(system)
    const vkey = await logVerifierKey(t.system.db)
    expect(await verifyExport(folder, { vkey: vkey! })).toMatchObject({ ok: true })
  })

  it.each([
    [
      'a checkpoint of another key',
      () =>
        signCheckpoint(
          { origin: 'evil/log', size: 0, root: Buffer.from('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'base64') },
          'nothing-signed-yet',
          [testSigner('evil/log')],
        ),
    ],
    ['no checkpoint at all', () => 'nonsense'],
  ])('never publishes over %s', async (_, foreign) => {
    await grow(3)
    await writeFile(path.join(folder, 'checkpoint'), foreign())
    await publish()
    expect(await readFile(path.join(folder, 'checkpoint'), 'utf8')).toBe(foreign())
    expect((await selectPublication(t.system.db, store.target))?.failure).toContain('Not published')
  })

  it('never publishes a log that does not extend what stands there', async () => {
    await grow(3)
    await publish()
    const published = await readFile(path.join(folder, 'checkpoint'), 'utf8')
    const other = await testSystem({ ports: () => ({ checkpoints: () => [store] }) })
    try {
      // Another history under the very same key and origin: a database that somebody has rewritten.
      const key = await t.system.db
        .selectFrom('signing_key')
        .selectAll()
        .where('purpose', '=', 'log')
        .executeTakeFirstOrThrow()
      const { housekeep } = await import('#lib/platform/housekeep.ts')
      await housekeep(other.system, 'sequencer', (tx) => tx.insertInto('signing_key').values(key).execute())
      for (let n = 0; n < 9; n++) await appendOne(other.system, `rewritten ${n}`)
      await sequenceEntries(other.system)
      other.clock.advance(60_000)
      await publishLog(other.system, 'worker-2')
      expect((await selectPublication(other.system.db, store.target))?.failure).toContain('history was rewritten')
      expect(await readFile(path.join(folder, 'checkpoint'), 'utf8')).toBe(published)
    } finally {
      await other.close()
    }
  })

  it('tries a place that cannot be reached again, ever more slowly', async () => {
    await grow(1)
    await rm(folder, { recursive: true })
    await publish()
    const first = await selectPublication(t.system.db, store.target)
    expect(first).toMatchObject({ attempts: 1, note: null, failure: expect.stringContaining('cannot be used') })
    t.clock.set(first!.due_at)
    await publishLog(t.system, 'worker-1')
    const second = await selectPublication(t.system.db, store.target)
    expect(second!.due_at.getTime() - first!.due_at.getTime()).toBe(120_000)
  })

  it('is one worker at a time for a place', async () => {
    await grow(5)
    t.clock.advance(60_000)
    const worked = await Promise.all(['a', 'b', 'c'].map((holder) => publishLog(t.system, holder)))
    expect(worked.every((n) => n === 0)).toBe(true)
    expect(await sizeThere()).toBeGreaterThanOrEqual(5)
  })
})
