import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kyselyOn, openPool } from './connect.ts'
import { testDatabase, type TestDatabase } from './test-db.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const onOneConnection = () =>
  openPool({ url: database.ownerUrl, role: 'reader', max: 1, applicationName: 'prepared', onError: () => undefined })

describe('a statement that comes again and again', () => {
  it('is prepared from its third use on, and what comes once is not', async () => {
    const pool = onOneConnection()
    const db = kyselyOn<unknown>(pool)
    for (let i = 0; i < 5; i++) {
      const { rows } = await sql`select ${i}::int + 1 as next`.execute(db)
      expect(rows).toEqual([{ next: i + 1 }])
    }
    await sql`select ${1}::int as once`.execute(db)
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db)
    expect(rows).toEqual([{ statement: 'select $1::int + 1 as next' }])
    await db.destroy()
  })

  it('goes on when a migration gives its result another shape', async () => {
    const owner = openPool({
      url: database.ownerUrl,
      role: 'owner',
      max: 1,
      applicationName: 'migration',
      onError: () => undefined,
    })
    await owner.query('create table shape (a int); insert into shape values (1); grant select on shape to public')
    const db = kyselyOn<unknown>(onOneConnection())
    const read = async () => (await sql`select * from shape where a = ${1}`.execute(db)).rows
    for (let i = 0; i < 4; i++) expect(await read()).toEqual([{ a: 1 }])
    await owner.query('alter table shape add column b int')
    for (let i = 0; i < 4; i++) expect(await read()).toEqual([{ a: 1, b: null }])
    await db.destroy()
    await owner.end()
  })

  it('that fails tells its own error, prepared or not', async () => {
    const db = kyselyOn<unknown>(onOneConnection())
    const divide = (by: number) => sql`select 1 / ${by}::int as share`.execute(db)
    for (let i = 0; i < 4; i++) await divide(1)
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' })
    await expect(divide(1)).resolves.toMatchObject({ rows: [{ share: 1 }] })
    await db.destroy()
  })
})
