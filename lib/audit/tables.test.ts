import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool, type DatabaseRole } from '#lib/platform/db/connect.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { sequenceEntries } from './sequence.ts'

let t: TestSystem
let direct: Record<DatabaseRole, ReturnType<typeof openPool>>
beforeAll(async () => {
  t = await testSystem()
  await t.workspace()
  await sequenceEntries(t.system)
  const pool = (role: DatabaseRole) =>
    openPool({ url: t.databaseUrl, role, max: 1, applicationName: 'test', onError: () => undefined })
  direct = { owner: pool('owner'), writer: pool('writer'), reader: pool('reader') }
})
afterAll(async () => {
  for (const pool of Object.values(direct)) await pool.end()
  await t.close()
})

const fixed = ['audit_entry', 'audit_leaf', 'audit_checkpoint', 'audit_detail']
const firstColumn: Record<string, string> = {
  audit_entry: 'kind',
  audit_leaf: 'entry_id',
  audit_checkpoint: 'note',
  audit_detail: 'content',
}
const attacks = fixed.flatMap((table) => [
  [`update ${table} set ${firstColumn[table]} = 'x'`],
  [`delete from ${table}`],
  [`truncate ${table} cascade`],
])

describe('the audit tables', () => {
  it('have rows to lose', async () => {
    for (const table of fixed) expect((await direct.owner.query(`select 1 from ${table} limit 1`)).rowCount).toBe(1)
  })

  it.each(attacks)('refuse the writer: %s', async (statement) => {
    await expect(direct.writer.query(statement)).rejects.toThrow(/permission denied|never changed/)
  })

  it.each(attacks)('refuse even the owner: %s', async (statement) => {
    await expect(direct.owner.query(statement)).rejects.toThrow(/only ever added to|never changed/)
  })

  it.each(['audit_epoch', 'audit_tile', 'audit_sequencer'])('let the writer delete nothing from %s', async (table) => {
    await expect(direct.writer.query(`delete from ${table}`)).rejects.toThrow('permission denied')
  })

  it('let a detail be erased once, salt and all, and never be filled again', async () => {
    const { rows } = await direct.writer.query<{ id: string }>('select entry_id as id from audit_detail limit 1')
    const [id] = [rows[0]?.id]
    const erase = `update audit_detail set content = null, erased_at = now(), salt = '' where entry_id = $1`
    expect((await direct.writer.query(erase, [id])).rowCount).toBe(1)
    const refill = `update audit_detail set content = '{}', erased_at = null where entry_id = $1`
    await expect(direct.writer.query(refill, [id])).rejects.toThrow('only erased')
  })

  it.each([
    ['an id that no leaf can hold', { id: 'ae_x' }],
    ['a kind that no leaf can hold', { kind: 'A person named Ada' }],
    ['a MAC that no leaf can hold', { mac: 'forged' }],
    ['a counter that no leaf can hold', { counter: 0n }],
    ['an instance that no leaf can hold', { instance: 'me' }],
    ['a time that no leaf can hold', { time: '12000-01-01' }],
  ])('take no entry with %s', async (_, changed) => {
    const columns = [
      'id',
      'epoch',
      'time',
      'kind',
      'resource_kind',
      'resource_id',
      'outcome',
      'digest',
      'instance',
      'counter',
      'mac',
    ]
    const row: Record<string, unknown> = {
      id: `ae_${'0'.repeat(26)}`,
      epoch: 1,
      time: new Date(t.clock.now()),
      kind: 'model:register',
      resource_kind: 'model',
      resource_id: 'm',
      outcome: 'done',
      digest: 'a'.repeat(64),
      instance: 'ab'.repeat(4),
      counter: 1n,
      mac: 'b'.repeat(64),
      ...changed,
    }
    const values = columns.map((c) => row[c])
    const insert = `insert into audit_entry (${columns.join(', ')}) values (${columns.map((_c, i) => `$${i + 1}`).join(', ')})`
    await expect(direct.writer.query(insert, values)).rejects.toThrow('violates check constraint')
  })
})

describe('the reading handle', () => {
  it('cannot write by its database role', async () => {
    await expect(direct.reader.query(`update workspace set title = 'x'`)).rejects.toThrow(/read-only|permission denied/)
    await direct.reader.query('set default_transaction_read_only = off')
    await expect(direct.reader.query('delete from workspace')).rejects.toThrow('permission denied')
    await expect(sql`delete from workspace`.execute(t.system.db)).rejects.toThrow(/read-only|permission denied/)
  })

  it('has no method that writes, by type', () => {
    // @ts-expect-error a ReadDb has no insertInto
    expect(() => t.system.db.insertInto('workspace')).toBeDefined()
    // @ts-expect-error nor updateTable
    expect(() => t.system.db.updateTable('workspace')).toBeDefined()
    // @ts-expect-error nor deleteFrom
    expect(() => t.system.db.deleteFrom('workspace')).toBeDefined()
    // @ts-expect-error nor a transaction, which could
    expect(() => t.system.db.transaction()).toBeDefined()
  })
})
