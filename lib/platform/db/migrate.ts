import { createHash } from 'node:crypto'
import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import { problem } from '#lib/platform/errors.ts'
import { kyselyOn, openPool } from './connect.ts'
import { createRoles } from './roles.ts'

/**
 * One step of the schema, forward only. `up` sends statements and never decides by what it reads: its checksum is taken
 * from the statements it sends to a database that answers nothing.
 */
export type Migration = { id: string; up(db: Kysely<unknown>): Promise<void> }

export type MigrateOptions = {
  /** Of the owner of the database, who may create roles or finds them made. */
  ownerUrl: string
  migrations: readonly Migration[]
  now: Date
  /** How long to wait for another process that migrates the same database. */
  lockTimeoutSeconds?: number
}

/** The ids applied now and those that were there before, both in order. */
export type MigrateResult = { applied: string[]; present: string[] }

/**
 * Key of `pg_advisory_lock`, the ASCII of "qdmigrat" read as a 64-bit integer. Advisory locks are per database, so it
 * meets no other Quarterdeck of the same cluster.
 */
const migrationLockKey = 0x71646d6967726174n

type AppliedMigration = { id: string; checksum: string }
type MigrationTable = {
  schema_migration: { id: string; applied_at: Date; checksum: string; by: string }
}

/**
 * Brings the database to the newest schema. Of several processes one migrates and the others wait and find it done.
 * Each migration commits together with its row in `schema_migration(id, applied_at, checksum, by)`, so a crash leaves
 * whole steps only.
 *
 * @throws QuarterdeckError `unavailable`: PostgreSQL older than 16, another process migrates for too long, the schema is
 * newer than this program, an applied migration was changed, or a role is missing and cannot be made
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  checkIds(options.migrations)
  const lockTimeoutSeconds = options.lockTimeoutSeconds ?? 120
  const pool = openPool({
    url: options.ownerUrl,
    role: 'owner',
    max: 1,
    applicationName: 'quarterdeck migrate',
    // The connection in use reports its own end to the query that runs on it.
    onError: () => undefined,
    statementTimeoutMs: 0,
    lockTimeoutMs: lockTimeoutSeconds * 1000,
    idleInTransactionTimeoutMs: 0,
  })
  const db = kyselyOn<unknown>(pool)
  try {
    return await db.connection().execute(async (connection) => {
      await requireVersion(connection)
      await takeLock(connection, lockTimeoutSeconds)
      // Ending the connection, which happens below in every case, releases the lock.
      await createRoles(connection)
      return await applyPending(connection, options)
    })
  } finally {
    await db.destroy()
  }
}

/**
 * SHA-256 (hexadecimal) over the statements and parameters that `up` sends. Comments, formatting and the way the module
 * was compiled do not change it; any change of what reaches the database does.
 */
export async function migrationChecksum(migration: Migration): Promise<string> {
  const hash = createHash('sha256')
  const recorder = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: (event) => {
      hash.update(JSON.stringify([event.query.sql, event.query.parameters.map(String)]))
    },
  })
  await migration.up(recorder)
  await recorder.destroy()
  return hash.digest('hex')
}

async function applyPending(connection: Kysely<unknown>, options: MigrateOptions): Promise<MigrateResult> {
  await sql`
    CREATE TABLE IF NOT EXISTS schema_migration (
      id text PRIMARY KEY,
      applied_at timestamptz NOT NULL,
      checksum text NOT NULL,
      by text NOT NULL
    )`.execute(connection)
  const { rows } = await sql<AppliedMigration>`SELECT id, checksum FROM schema_migration ORDER BY id`.execute(
    connection,
  )
  await checkHistory(rows, options.migrations)
  const pending = options.migrations.slice(rows.length)
  for (const migration of pending) {
    const checksum = await migrationChecksum(migration)
    await connection.transaction().execute((tx) => applyOne(tx, migration, checksum, options.now))
  }
  return { applied: pending.map((m) => m.id), present: rows.map((r) => r.id) }
}

async function applyOne(tx: Transaction<unknown>, migration: Migration, checksum: string, now: Date): Promise<void> {
  try {
    await migration.up(tx)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw problem(
      'unavailable',
      `Migration ${migration.id} failed and was undone: ${said}`,
      { migration: migration.id },
      { cause },
    )
  }
  await tx
    .withTables<MigrationTable>()
    .insertInto('schema_migration')
    .values({ id: migration.id, applied_at: now, checksum, by: sql<string>`session_user` })
    .execute()
}

/** What was applied must be a prefix of what this program knows, statement for statement. */
async function checkHistory(applied: readonly AppliedMigration[], known: readonly Migration[]): Promise<void> {
  const unknown = applied.filter((row) => !known.some((m) => m.id === row.id))
  if (unknown.length > 0) {
    throw problem(
      'unavailable',
      `The database has a newer schema than this Quarterdeck knows (${unknown.map((r) => r.id).join(', ')}). Run the newer version, or restore a backup from before it.`,
    )
  }
  for (const [index, row] of applied.entries()) {
    const migration = known[index]
    if (migration?.id !== row.id) {
      throw problem(
        'unavailable',
        `Migration ${migration?.id ?? row.id} comes before ${row.id}, which is applied already. A new migration needs the highest number.`,
      )
    }
    if ((await migrationChecksum(migration)) !== row.checksum) {
      throw problem(
        'unavailable',
        `Migration ${row.id} was changed after it was applied to this database. Put it back as it was and write a new one.`,
      )
    }
  }
}

function checkIds(migrations: readonly Migration[]): void {
  for (const [index, { id }] of migrations.entries()) {
    if (!/^\d{4}_[a-z0-9_]+$/.test(id)) throw new TypeError(`migration id "${id}" is not like 0001_core`)
    const previous = migrations[index - 1]
    if (previous && previous.id >= id) throw new TypeError(`migrations are out of order: ${previous.id}, then ${id}`)
  }
}

async function requireVersion(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`SHOW server_version_num`.execute(db)
  const version = Number(rows[0]?.server_version_num)
  if (version >= 160_000) return
  throw problem(
    'unavailable',
    `The database is PostgreSQL ${Math.floor(version / 10_000)}. Quarterdeck needs 16 or newer.`,
  )
}

async function takeLock(db: Kysely<unknown>, lockTimeoutSeconds: number): Promise<void> {
  try {
    // As a literal: the key is ours, and a bigint parameter would need a cast.
    await db.executeQuery(CompiledQuery.raw(`SELECT pg_advisory_lock(${migrationLockKey})`))
  } catch (cause) {
    // 55P03 lock_not_available: lock_timeout ran out.
    if (!(cause instanceof pg.DatabaseError && cause.code === '55P03')) throw cause
    throw problem(
      'unavailable',
      `Another process has been migrating this database for more than ${lockTimeoutSeconds} s. See pg_stat_activity for "quarterdeck migrate".`,
      {},
      { cause },
    )
  }
}
