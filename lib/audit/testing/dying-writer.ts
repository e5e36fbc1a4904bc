import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import type pg from 'pg'
import type { System } from '#lib/platform/context.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import type { Database } from '#lib/platform/db/schema.ts'
import { registerWriter } from '#lib/platform/db/writer.ts'

/**
 * The same system, whose connection breaks at its n-th statement: before it is sent, or after it was carried out and
 * before the answer came. `statements` counts those that were begun.
 */
export function dyingSystem(
  system: System,
  url: string,
  death: { at: number; when: 'before' | 'after' },
): { system: System; statements: () => number; close: () => Promise<void> } {
  const pool = openPool({ url, role: 'writer', max: 1, applicationName: 'dying', onError: () => undefined })
  let count = 0
  const wrapped: PostgresPool = {
    connect: async () => mortal(await pool.connect()),
    end: () => pool.end(),
    options: {},
  }
  const mortal = (client: pg.PoolClient) => {
    const query = async (text: string, values: readonly unknown[]) => {
      count += 1
      const mine = count
      if (mine === death.at && death.when === 'before') return kill(client)
      const result = await client.query(text, [...values])
      return mine === death.at ? kill(client) : result
    }
    return { query, release: () => client.release(mortalWasHit()) } as unknown as Awaited<
      ReturnType<PostgresPool['connect']>
    >
  }
  const mortalWasHit = () => count >= death.at
  const db = Object.create(system.db) as System['db']
  registerWriter(db, new Kysely<Database>({ dialect: new PostgresDialect({ pool: wrapped }) }))
  return { system: { ...system, db }, statements: () => count, close: () => pool.end() }
}

function kill(client: pg.PoolClient): never {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
  throw new Error('the process died here')
}
