import { sql } from 'kysely'
import type { System } from '../context.ts'

/** Undefined when the database answers; otherwise why not, in words that may be shown. */
export async function whyUnreachable(system: Pick<System, 'db' | 'log'>): Promise<string | undefined> {
  try {
    await sql`select 1`.execute(system.db)
    return undefined
  } catch (error) {
    system.log.warn({ err: error }, 'the database does not answer')
    return 'the database does not answer'
  }
}
