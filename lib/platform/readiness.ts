import { sql } from 'kysely'
import type { System } from './context.ts'
import { migrations } from './db/migrations/all.ts'
import { problem } from './errors.ts'

/**
 * Resolves when the database answers and has the schema that this program knows.
 * @throws `unavailable` with what is missing; the cause is kept for the log
 */
export async function requireDatabase(system: Pick<System, 'db'>): Promise<void> {
  let applied: Set<string>
  try {
    const { rows } = await sql<{ id: string }>`select id from schema_migration`.execute(system.db)
    applied = new Set(rows.map((r) => r.id))
  } catch (cause) {
    throw problem('unavailable', 'The database does not answer, or was never migrated.', {}, { cause })
  }
  const missing = migrations.map((m) => m.id).filter((id) => !applied.has(id))
  if (missing.length > 0)
    throw problem('unavailable', `The database lacks the migrations ${missing.join(', ')}.`, { missing })
}
