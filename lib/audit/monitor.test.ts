import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderStore } from '#lib/platform/adapters/checkpoints/folder.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { monitorLog } from './monitor.ts'
import { publishLog } from './publish.ts'
import { selectMissingCounters, selectMonitor } from './queries-publish.ts'
import { listEntries, readLogStatus } from './reads.ts'
import { sequenceEntries } from './sequence.ts'
import { appendOne } from './testing/log.ts'

let t: TestSystem
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-monitor-'))
  const store = folderStore(folder, { keepsTiles: true })
  t = await testSystem({ ports: () => ({ checkpoints: () => [store] }) })
  for (let n = 0; n < 300; n++) await appendOne(t.system, `entry ${n}`)
  await sequenceEntries(t.system)
})
afterEach(async () => {
  await t.close()
  await rm(folder, { recursive: true, force: true })
})

const watch = async () => {
  t.clock.advance(60_000)
  await monitorLog(t.system, 'worker-1')
  return (await selectMonitor(t.system.db)).mismatches
}
const publish = async () => {
  t.clock.advance(60_000)
  await publishLog(t.system, 'worker-1')
}
const found = async () =>
  (await listEntries(systemCtx(t.system), { kind: 'audit:monitor' })).items.map((e) => e.content)

/** As somebody with the owner's rights over the database could: triggers are off for the statement. */
async function asOwner(statement: string): Promise<void> {
  const pool = openPool({
    url: t.databaseUrl,
    role: 'owner',
    max: 1,
    applicationName: 'test',
    onError: () => undefined,
  })
  try {
    await pool.query('set session_replication_role = replica')
    expect((await pool.query(statement)).rowCount).toBeGreaterThan(0)
  } finally {
    await pool.end()
  }
}

describe('the monitor of the log', () => {
  it('finds nothing wrong with an honest log, and says when it looked', async () => {
    await publish()
    expect(await watch()).toEqual({})
    expect(await found()).toEqual([])
    const state = await selectMonitor(t.system.db)
    expect(state.sweptAt).toEqual(t.clock.now())
    expect(state.checkedAt).toEqual(t.clock.now())
  })

  it.each([
    [
      'a detail',
      `update audit_detail set content = replace(content, 'entry 7', 'entry 8') where content like '%"entry 7"%'`,
      'what it says was changed',
    ],
    [
      'who it was',
      `update audit_detail set person = replace(person, 'Quarterdeck', 'Mallory') where person like '%Quarterdeck%' and entry_id = (select entry_id from audit_leaf where index = 5)`,
      'who it was was changed',
    ],
    [
      'a row',
      `update audit_entry set digest = repeat('0', 64) where id = (select entry_id from audit_leaf where index = 9)`,
      'its row was changed',
    ],
    [
      'a leaf',
      `update audit_leaf set leaf = replace(encode(leaf, 'escape'), 'model:', 'demon:')::bytea where index = 12`,
      'the leaf is not the one in the tile',
    ],
    ['a leaf that is gone', `delete from audit_leaf where index = 3`, 'are gone'],
    [
      'a full tile',
      `update audit_tile set hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) where level = 0 and index = 0`,
      'does not give its hash',
    ],
    [
      'the right edge',
      `update audit_tile set hashes = set_byte(hashes, 4, 255 - get_byte(hashes, 4)) where level = 1`,
      'do not lead to the root',
    ],
  ])('finds a change in the database to %s (ASVS 16.4.2)', async (_, statement, said) => {
    await asOwner(statement)
    expect(Object.values(await watch()).join('\n')).toContain(said)
    const [entry] = await found()
    expect(entry).toMatchObject({ outcome: 'found', resource: { kind: 'log' }, after: { state: 'mismatch' } })
    await watch()
    expect(await found()).toHaveLength(1)
    expect(await t.system.metrics.registry.getSingleMetricAsString('quarterdeck_audit_mismatches')).toMatch(
      / [1-9]\d*\n?$/,
    )
  })

  it('finds a checkpoint that was forged, taken back or taken away outside', async () => {
    await publish()
    const first = await readFile(path.join(folder, 'checkpoint'), 'utf8')
    for (let n = 0; n < 5; n++) await appendOne(t.system, 'more')
    await sequenceEntries(t.system)
    await publish()
    await writeFile(path.join(folder, 'checkpoint'), first)
    expect(Object.values(await watch())[0]).toContain('it was taken back')
    await rm(path.join(folder, 'checkpoint'))
    expect(Object.values(await watch())[0]).toContain('it holds no checkpoint any more')
    await writeFile(path.join(folder, 'checkpoint'), first.replace('300', '200'))
    expect(Object.values(await watch())).toHaveLength(1)
  })

  it('finds a database that was rolled back behind what was published, and hears when it is right again', async () => {
    await publish()
    const published = await readFile(path.join(folder, 'checkpoint'), 'utf8')
    await asOwner(`delete from audit_checkpoint where size > 0`)
    await asOwner(`update audit_sequencer set size = 0, watermark = '0'`)
    await asOwner(`delete from audit_leaf`)
    await asOwner(`delete from audit_tile`)
    await asOwner(`update audit_entry set digest = repeat('a', 64) where id = (select min(id) from audit_entry)`)
    await sequenceEntries(t.system)
    expect(Object.values(await watch()).join('\n')).toContain('history was rewritten')
    await publish()
    expect(await readFile(path.join(folder, 'checkpoint'), 'utf8')).toBe(published)
  })

  it('says plainly that QUARTERDECK_LOG_ORIGIN was changed, and signs nothing under the new name', async () => {
    const system = { ...t.system, config: { ...t.system.config, logOrigin: 'another.example/log' } }
    await appendOne(system, 'waits')
    await expect(sequenceEntries(system)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('this log was begun as quarterdeck.local/log: set it back'),
    })
    t.clock.advance(60_000)
    await monitorLog(system, 'worker-1')
    expect((await selectMonitor(system.db)).mismatches['origin']).toContain(
      'QUARTERDECK_LOG_ORIGIN is another.example/log',
    )
    expect((await readLogStatus(systemCtx(system))).originProblem).toContain('set it back')
  })

  it('tells of entries that were taken out before they got a place, by process', async () => {
    await appendOne(t.system, 'dropped')
    await appendOne(t.system, 'kept')
    await asOwner(`delete from audit_detail where content like '%"dropped"%'`)
    await asOwner(`delete from audit_entry e where not exists (select 1 from audit_detail d where d.entry_id = e.id)`)
    await sequenceEntries(t.system)
    await watch()
    expect(await selectMissingCounters(t.system.db, 10)).toMatchObject([{ instance: t.system.instance.id, missing: 1 }])
    expect((await readLogStatus(systemCtx(t.system))).missing).toBe(1)
  })

  it('takes what others keep into the bargain, piece by piece', async () => {
    const asked: string[] = []
    const check = (_: unknown, after: string) => {
      asked.push(after)
      const wrong = new Map([['attestation:at_1', 'attestation at_1: its statement does not give its digest']])
      return Promise.resolve({ judged: ['attestation:at_1'], wrong, next: after === '' ? 'at_1' : '' })
    }
    await monitorLog(t.system, 'worker-1', check)
    await monitorLog(t.system, 'worker-1', check)
    expect(asked).toEqual(['', 'at_1'])
    expect(Object.keys((await selectMonitor(t.system.db)).mismatches)).toEqual(['attestation:at_1'])
    expect((await found())[0]).toMatchObject({ workspace: rootWorkspaceId })
  })
})
