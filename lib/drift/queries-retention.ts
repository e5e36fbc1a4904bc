import { sql } from 'kysely'
import type { Tx } from '#lib/platform/db/schema.ts'

/**
 * Forgets counts and results of windows that lie more than `days` before the newest event of their monitor (event time has
 * no other now) and were evaluated, at most `limit` of each. Returns how many.
 */
export async function forgetDrift(tx: Tx, days: number, limit: number): Promise<number> {
  let forgotten = 0
  for (const table of ['drift_count', 'drift_result']) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid in (
        select old.ctid from drift_watermark w join drift_monitor m on m.id = w.monitor_id
        join ${sql.table(table)} old on old.monitor_id = w.monitor_id
          and old.window_at < least(w.newest_event_at, m.evaluated_until) - make_interval(days => ${days})
        limit ${limit})`.execute(tx)
    forgotten += Number(numAffectedRows ?? 0n)
  }
  return forgotten
}
