import { sql } from 'kysely'
import type { Tx } from './db/schema.ts'

/** The tables whose rows reconcilers claim; each has due_at, lease_until, lease_holder, fence and attempts. */
export type ClaimTable =
  | 'endpoint'
  | 'rollout'
  | 'drift_monitor'
  | 'slo'
  | 'notification_delivery'
  | 'attestation'
  | 'registry'

/** A row that this worker alone may act on until the lease ends, and the number that proves it. */
export type Claim = { id: string; fence: bigint; attempts: number }

/**
 * Claims up to `limit` due rows: `FOR UPDATE SKIP LOCKED`, so that any number of workers share the work, and a fencing
 * number that rises with each claim, so that a worker which lost its lease is refused when it writes. While it is held a
 * row is due when its lease ends, so that anything earlier is seen to be a wake-up that came during the turn.
 */
export async function claimDue(
  tx: Tx,
  table: ClaimTable,
  options: { now: Date; holder: string; leaseSeconds: number; limit: number },
): Promise<Claim[]> {
  const { now, holder, leaseSeconds, limit } = options
  const until = new Date(now.getTime() + leaseSeconds * 1000)
  const { rows } = await sql<Claim>`
    update ${sql.table(table)}
    set fence = fence + 1, lease_until = ${until}, lease_holder = ${holder}, due_at = ${until}, attempts = attempts + 1
    where id in (
      select id from ${sql.table(table)}
      where due_at <= ${now} and (lease_until is null or lease_until <= ${now})
      order by due_at limit ${limit} for update skip locked)
    returning id, fence, attempts`.execute(tx)
  return rows
}

/**
 * Ends the claim and says when the row is due again. Who made it due during the turn may have changed what the turn had
 * already read: that earlier time is kept. False when the claim was lost to another worker meanwhile.
 */
export async function releaseClaim(
  tx: Tx,
  table: ClaimTable,
  claim: Claim,
  dueAt: Date,
  outcome: 'done' | 'failed' = 'done',
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update ${sql.table(table)}
    set lease_until = null, lease_holder = null,
      due_at = case when due_at < lease_until then least(due_at, ${dueAt}) else ${dueAt} end,
      attempts = ${outcome === 'done' ? sql`0` : sql`attempts`}
    where id = ${claim.id} and fence = ${claim.fence}`.execute(tx)
  return numAffectedRows === 1n
}

/** Makes a row due at once, for whoever changed something about it. */
export async function makeDue(tx: Tx, table: ClaimTable, id: string, now: Date): Promise<void> {
  await sql`update ${sql.table(table)} set due_at = least(due_at, ${now}) where id = ${id}`.execute(tx)
}
