import { sql } from 'kysely'
import type { Tx } from '#lib/platform/db/schema.ts'

/** Forgets the looks of rollouts that ended before `before`, at most `limit`. Returns how many. */
export async function forgetObservations(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rollout_observation where ctid in (
      select o.ctid from rollout r join rollout_observation o on o.rollout_id = r.id
      where r.ended_at < ${before} limit ${limit})`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
