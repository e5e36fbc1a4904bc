import { sql } from 'kysely'
import type { System } from './context.ts'
import { housekeep } from './housekeep.ts'

/** What is kept for a while only, how long, and the column that says how old a row is. */
const kept = [
  { table: 'idempotency_key', column: 'created_at', days: 1 },
  { table: 'ingest_batch', column: 'received_at', days: 2 },
  { table: 'pending_prediction', column: 'received_at', days: 30 },
  { table: 'early_label', column: 'received_at', days: 30 },
] as const

const batchRows = 5_000
const batchesMax = 200

/**
 * Deletes what has outlived its use, in small transactions, so that nothing waits behind it. Nothing governed is among
 * it: audit entries have a floor of their own.
 * @returns rows deleted, by table
 */
export async function forgetOldRows(system: System): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {}
  for (const { table, column, days } of kept) {
    const before = new Date(system.clock.now().getTime() - days * 86_400_000)
    let rows = 0
    for (let batch = 0; batch < batchesMax; batch++) {
      const count = await deleteBatch(system, table, column, before)
      rows += count
      if (count < batchRows) break
    }
    deleted[table] = rows
  }
  return deleted
}

async function deleteBatch(system: System, table: string, column: string, before: Date): Promise<number> {
  const result = await housekeep(system, 'retention', (tx) =>
    sql`delete from ${sql.table(table)} where ctid = any(array(
      select ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before} limit ${batchRows}))`.execute(tx),
  )
  return Number(result.numAffectedRows ?? 0n)
}
