import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { writerOf } from './db/writer.ts'
import { housekeep, housekeepers, type Housekeeper } from './housekeep.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

describe('ungoverned writes', () => {
  it('have a closed list of owners: one more needs a decision', () => {
    expect([...housekeepers].sort()).toEqual([
      'demo',
      'feed-cursor',
      'idempotency',
      'lease',
      'notification',
      'observation',
      'registry-mirror',
      'retention',
      'sequencer',
      'session',
      'telemetry-fold',
    ])
  })

  it('have no owner on the list that does not write', () => {
    const files = ['lib', 'app', 'cli', 'examples'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|(^|\/)(testing|node_modules)\//.test(name))
        .map((name) => join(folder, name)),
    )
    const owners = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bhousekeep\(\s*[\w.]+,\s*'([^']+)'/g)].map(([, owner]) => owner),
    )
    expect(new Set(owners)).toEqual(new Set(housekeepers))
  })

  it('are refused to anybody else', async () => {
    await expect(housekeep(t.system, 'somebody' as Housekeeper, () => Promise.resolve(1))).rejects.toThrow(
      'not a housekeeper',
    )
  })

  it('are whole or not at all', async () => {
    const failing = housekeep(t.system, 'lease', async (tx) => {
      await tx.insertInto('lease').values({ name: 'half', holder: 'a', fence: 1n, expires_at: t.clock.now() }).execute()
      throw new Error('died')
    })
    await expect(failing).rejects.toThrow('died')
    expect(await t.system.db.selectFrom('lease').selectAll().where('name', '=', 'half').execute()).toEqual([])
  })
})

describe('the writing pool', () => {
  it('belongs to the read handle that the composition root made, and to no other', () => {
    expect(writerOf(t.system)).toBe(writerOf({ ...t.system }))
    expect(() => writerOf({ db: { ...t.system.db } })).toThrow('not made by the composition root')
  })
})
