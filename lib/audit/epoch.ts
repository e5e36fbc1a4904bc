import { sql } from 'kysely'
import type { System } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'

/**
 * Raises the epoch when this database now lives in another PostgreSQL cluster than its newest entries were written in
 * (a dump that was restored elsewhere): transaction ids start anew there, so that only the epoch keeps entries in order.
 * To be called at start, before anything is appended. @returns the epoch in force
 */
export async function ensureEpoch(system: Pick<System, 'db' | 'clock' | 'log'>): Promise<number> {
  const before = await readEpoch(system.db)
  if (before.newest.system_identifier === before.here) return before.newest.epoch
  const now = system.clock.now()
  const epoch = await housekeep(system, 'sequencer', async (tx) => {
    const next = before.newest.epoch + 1
    await tx
      .insertInto('audit_epoch')
      .values({ epoch: next, system_identifier: before.here, started_at: now })
      .onConflict((c) => c.doNothing())
      .execute()
    return next
  })
  system.log.warn({ epoch }, 'the database was restored into another cluster: audit entries begin a new epoch')
  return epoch
}

async function readEpoch(db: Reader) {
  const newest = await db
    .selectFrom('audit_epoch')
    .selectAll()
    .orderBy('epoch', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  const { rows } = await sql<{ here: string }>`select system_identifier::text as here from pg_control_system()`.execute(
    db,
  )
  const [row] = rows
  if (!row) throw new Error('PostgreSQL does not say which cluster it is')
  return { newest, here: row.here }
}
