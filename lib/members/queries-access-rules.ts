import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** Which access rules are in force. */
export function selectAccessRules(db: Reader) {
  return db.selectFrom('access_rules').select(['version', 'digest']).executeTakeFirst()
}

/** Puts rules in force, as the version after the one before; returns it. Of two at a time one waits for the other. */
export async function replaceAccessRules(
  tx: Tx,
  rules: { digest: string; model: string; policy: string; now: Date },
): Promise<bigint> {
  const { now, ...text } = rules
  const row = await tx
    .insertInto('access_rules')
    .values({ version: 1n, ...text, loaded_at: now })
    .onConflict((c) =>
      c.column('one').doUpdateSet({ version: sql<bigint>`access_rules.version + 1`, ...text, loaded_at: now }),
    )
    .returning('version')
    .executeTakeFirstOrThrow()
  return row.version
}
