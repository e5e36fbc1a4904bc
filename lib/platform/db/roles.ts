import { sql, type Kysely } from 'kysely'
import pg from 'pg'
import { problem } from '#lib/platform/errors.ts'
import { roleNames } from './connect.ts'

/**
 * Ensures the roles `quarterdeck_writer` and `quarterdeck_reader`: no login, and whoever owns the database may become
 * them. What they may do to which table is said by the migrations. May be run again at will.
 *
 * @throws QuarterdeckError `unavailable` with the statements to run when the owner may neither create nor become them
 */
export async function createRoles(owner: Kysely<unknown>): Promise<void> {
  for (const role of Object.values(roleNames)) {
    await createRole(owner, role)
    await allowBecoming(owner, role)
  }
}

async function createRole(owner: Kysely<unknown>, role: string): Promise<void> {
  const { rows } = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${role}`.execute(owner)
  if (rows.length > 0) return
  try {
    await sql`CREATE ROLE ${sql.id(role)} NOLOGIN`.execute(owner)
  } catch (cause) {
    // Roles are the cluster's: another database's Quarterdeck may have made it meanwhile (42710, or 23505 in the race).
    if (isCode(cause, '42710') || isCode(cause, '23505')) return
    throw missingRight(cause)
  }
}

/** Since PostgreSQL 16 who creates a role administers it but cannot SET ROLE to it until granted. */
async function allowBecoming(owner: Kysely<unknown>, role: string): Promise<void> {
  const { rows } = await sql<{ may: boolean }>`SELECT pg_has_role(session_user, ${role}, 'SET') AS may`.execute(owner)
  if (rows[0]?.may) return
  try {
    await sql`GRANT ${sql.id(role)} TO SESSION_USER WITH SET TRUE, INHERIT FALSE`.execute(owner)
  } catch (cause) {
    throw missingRight(cause)
  }
}

function missingRight(cause: unknown): unknown {
  // 42501 insufficient_privilege; anything else is not ours to explain.
  if (!isCode(cause, '42501')) return cause
  const statements = Object.values(roleNames).map((r) => `CREATE ROLE ${r} NOLOGIN; GRANT ${r} TO <owner>;`)
  return problem(
    'unavailable',
    `The user of DATABASE_URL may not create the database roles. Give it CREATEROLE, or run as a superuser: ${statements.join(' ')}`,
    {},
    { cause },
  )
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof pg.DatabaseError && error.code === code
}
