import { sql, type Kysely } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migrate, migrationChecksum, type Migration } from './migrate.ts'
import { migrations as allMigrations } from './migrations/all.ts'
import { testDatabase, type TestDatabase } from './test-db.ts'

const now = new Date('2026-03-01T12:00:00Z')
const step = (id: string, ...statements: string[]): Migration => ({
  id,
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})
const one = step('0001_one', 'create table one (a int)')
const two = step('0002_two', 'create table two (a int)')

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ migrations: [], max: 2 })
})
afterAll(() => database.close())
beforeEach(() => database.pools.owner.query('drop table if exists one, two, three; delete from schema_migration'))

const run = (migrations: readonly Migration[], lockTimeoutSeconds = 30) =>
  migrate({ ownerUrl: database.ownerUrl, migrations, now, lockTimeoutSeconds })
const tables = async () => {
  const { rows } = await database.pools.owner.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migration' order by 1`,
  )
  return rows.map((r) => r.name)
}

describe('migrate', () => {
  it('applies what is missing, in order, and says by whom and when', async () => {
    expect(await run([one])).toEqual({ applied: ['0001_one'], present: [] })
    expect(await run([one, two])).toEqual({ applied: ['0002_two'], present: ['0001_one'] })
    expect(await tables()).toEqual(['one', 'two'])
    const { rows } = await database.pools.owner.query('select * from schema_migration order by id')
    expect(rows).toMatchObject([
      { id: '0001_one', applied_at: now, by: 'quarterdeck', checksum: await migrationChecksum(one) },
      { id: '0002_two', applied_at: now, by: 'quarterdeck', checksum: await migrationChecksum(two) },
    ])
  })

  it('undoes a migration that fails, keeps those before it, and goes on when it is mended', async () => {
    const broken = step('0002_two', 'create table two (a int)', 'create table two (a int)')
    await expect(run([one, broken])).rejects.toThrow(/0002_two failed and was undone: relation "two" already exists/)
    expect(await tables()).toEqual(['one'])
    expect(await run([one, two])).toEqual({ applied: ['0002_two'], present: ['0001_one'] })
  })

  it('lets one of several runners migrate; the others wait and find it done', async () => {
    const slow = step('0001_one', 'select pg_sleep(0.2)', 'create table one (a int)')
    const results = await Promise.all([run([slow]), run([slow]), run([slow])])
    expect(results.filter((r) => r.applied.length === 1)).toHaveLength(1)
  })

  it('gives up waiting after its bound and says for whom it waited', async () => {
    const holder = await database.pools.owner.connect()
    await holder.query(`select pg_advisory_lock(x'71646d6967726174'::bigint)`)
    await expect(run([one], 0.05)).rejects.toThrow(
      /Another process has been migrating this database for more than 0.05 s/,
    )
    await holder.query('select pg_advisory_unlock_all()')
    holder.release()
    expect(await run([one])).toMatchObject({ applied: ['0001_one'] })
  })

  it('refuses a schema newer than it knows', async () => {
    await run([one, two])
    await expect(run([one])).rejects.toThrow(/newer schema than this Quarterdeck knows \(0002_two\)/)
  })

  it('refuses a migration that was changed after it was applied', async () => {
    await run([one])
    await expect(run([step('0001_one', 'create table one (a bigint)')])).rejects.toThrow(/0001_one was changed after/)
  })

  it('refuses a migration put before one that is applied', async () => {
    await run([two])
    await expect(run([one, two])).rejects.toThrow(/0001_one comes before 0002_two/)
  })

  it('refuses ids that are not ordered', async () => {
    await expect(run([two, one])).rejects.toThrow('out of order: 0002_two, then 0001_one')
    await expect(run([step('1_one')])).rejects.toThrow('not like 0001_core')
  })
})

describe('migrationChecksum', () => {
  it('depends on the statements alone', async () => {
    const builder: Migration = {
      id: '0009_x',
      up: async (db) => db.schema.createTable('t').addColumn('a', 'text').execute(),
    }
    const raw = step('0001_y', 'create table "t" ("a" text)')
    expect(await migrationChecksum(builder)).toBe(await migrationChecksum(raw))
    expect(await migrationChecksum(step('0001_y', 'create table "t" ("b" text)'))).not.toBe(
      await migrationChecksum(raw),
    )
  })
})

describe('the migrations of the product', () => {
  it('bring an empty database to the schema, and a second run does nothing', async () => {
    const empty = await testDatabase({ migrations: [], max: 1 })
    const ids = allMigrations.map((m) => m.id)
    expect(await migrate({ ownerUrl: empty.ownerUrl, migrations: allMigrations, now })).toEqual({
      applied: ids,
      present: [],
    })
    expect(await migrate({ ownerUrl: empty.ownerUrl, migrations: allMigrations, now })).toEqual({
      applied: [],
      present: ids,
    })
    await empty.close()
  })
})
