import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from './connect.ts'
import { testDatabase, type TestDatabase } from './test-db.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

describe('the database roles', () => {
  const insert = `insert into workspace (id, name, title, created_at) values ('w', 'alpha', 'Alpha', now())`

  it('the writer inserts; the reader sees it and may not insert, even in a read-write transaction', async () => {
    const { writer, reader } = database.pools
    await writer.query(insert)
    const seen = await database.reader.selectFrom('workspace').select('name').where('id', '=', 'w').execute()
    expect(seen).toEqual([{ name: 'alpha' }])
    // 25006 read_only_sql_transaction, 42501 insufficient_privilege
    await expect(reader.query(insert)).rejects.toMatchObject({ code: '25006' })
    await expect(reader.query(`begin read write; ${insert}`)).rejects.toMatchObject({ code: '42501' })
  })

  it('the writer may neither change an audit entry nor the schema', async () => {
    const { writer } = database.pools
    await expect(writer.query(`update audit_entry set kind = 'x'`)).rejects.toMatchObject({ code: '42501' })
    await expect(writer.query('create table t (a int)')).rejects.toMatchObject({ code: '42501' })
    await expect(writer.query(`insert into schema_migration values ('9', now(), 'c', 'b')`)).rejects.toMatchObject({
      code: '42501',
    })
  })

  it.each(['owner', 'writer', 'reader'] as const)(
    '%s keeps its role when the URL brings options of its own',
    async (role) => {
      const url = `${database.ownerUrl}&options=${encodeURIComponent('-c work_mem=3MB -c role=none')}`
      const pool = openPool({ url, role, max: 1, applicationName: 'options', onError: () => undefined })
      const { rows } = await pool.query(`select current_user as role, current_setting('work_mem') as memory`)
      await pool.end()
      expect(rows).toEqual([{ role: role === 'owner' ? 'quarterdeck' : `quarterdeck_${role}`, memory: '3MB' }])
    },
  )
})

describe('openPool', () => {
  it('reads large integers, decimals, dates and their arrays without loss', async () => {
    const { rows } = await database.pools.reader.query(`
      select 9007199254740993::int8 as int8, array[9007199254740993, null]::int8[] as int8s, 0.10::numeric as numeric,
        array[0.10]::numeric[] as numerics, '2026-01-31'::date as date, '2026-01-31 12:00+02'::timestamptz as time,
        '{"a":[1]}'::jsonb as json, array['2026-01-31']::date[] as dates`)
    expect(rows).toEqual([
      {
        int8: 9007199254740993n,
        int8s: [9007199254740993n, null],
        numeric: '0.10',
        numerics: ['0.10'],
        date: '2026-01-31',
        time: new Date('2026-01-31T10:00:00Z'),
        json: { a: [1] },
        dates: ['2026-01-31'],
      },
    ])
  })

  it('limits statements, locks and idle transactions', async () => {
    const pool = openPool({
      url: database.ownerUrl,
      role: 'writer',
      max: 1,
      applicationName: 'limits',
      onError: () => undefined,
      statementTimeoutMs: 20,
      lockTimeoutMs: 30,
      idleInTransactionTimeoutMs: 40,
    })
    const { rows } = await pool.query(`
      select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`)
    expect(rows).toEqual([{ statement: '20ms', lock: '30ms', idle: '40ms', name: 'limits' }])
    // 57014 query_canceled
    await expect(pool.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
    await pool.end()
  })

  it('reports the loss of an idle connection and goes on with a new one', async () => {
    const lost = Promise.withResolvers<Error>()
    const { ownerUrl: url, pools } = database
    const pool = openPool({ url, role: 'reader', max: 1, applicationName: 'loss', onError: lost.resolve })
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
    await pools.owner.query('select pg_terminate_backend($1)', [rows[0]!.pid])
    expect(await lost.promise).toMatchObject({ code: '57P01' })
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })
})
