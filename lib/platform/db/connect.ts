import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { prepareStatements } from './prepared.ts'

/**
 * The three database roles. `owner` is whoever DATABASE_URL names: it migrates and nothing else. `writer` and `reader`
 * are taken by `-c role=` when the connection starts, so one secret serves all three. This guards against mistakes in
 * our own code, not against an attacker with the URL, who could say RESET ROLE.
 */
export type DatabaseRole = 'owner' | 'writer' | 'reader'

/** The names in PostgreSQL; `createRoles` makes them. They belong to the whole cluster, their grants to a database. */
export const roleNames = { writer: 'quarterdeck_writer', reader: 'quarterdeck_reader' } as const

export type PoolOptions = {
  url: string
  role: DatabaseRole
  /** Connections at most. The sum over all processes must stay below the server's max_connections. */
  max: number
  /** Seen in pg_stat_activity; PostgreSQL cuts it at 63 bytes. */
  applicationName: string
  /** A connection that was idle broke (the server stopped, say). The pool drops it and goes on by itself. */
  onError: (error: Error) => void
  /** Defaults: statements 30 s, locks 10 s, a transaction without a statement 60 s. 0 means no limit. */
  statementTimeoutMs?: number
  lockTimeoutMs?: number
  idleInTransactionTimeoutMs?: number
}

/**
 * A pool whose every connection has the role, the limits and the types below. Nothing connects before the first query.
 *
 * Types that come back: `int8` → bigint (never rounded), `numeric` → string, `timestamptz` → Date, `date` → the string
 * `2026-01-31` (a Date would shift it by the local time zone), `json` and `jsonb` → parsed. Arrays follow their elements.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const { url, settings } = splitOptions(options.url)
  const limits = {
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: options.lockTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    options: [settings, ...roleSettings(options.role), ...Object.entries(limits).map(([k, v]) => `-c ${k}=${v}`)]
      .filter(Boolean)
      .join(' '),
    // A server that accepts and never answers must not hold a caller for good.
    connectionTimeoutMillis: 15_000,
    idleTimeoutMillis: 30_000,
    types: { getTypeParser: typeParser },
  })
  // Without a listener Node turns the loss of an idle connection into the end of the process.
  pool.on('error', options.onError)
  // The same for one that is lost while a transaction holds it and no statement runs; its next statement fails.
  pool.on('connect', (client) => client.on('error', options.onError))
  // The owner's statements change tables and come once.
  if (options.role !== 'owner') pool.on('connect', prepareStatements)
  return pool
}

/** Kysely over the pool; ending the pool stays with whoever opened it, unless they call `destroy()`. */
export function kyselyOn<Database>(pool: pg.Pool): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
}

function roleSettings(role: DatabaseRole): string[] {
  if (role === 'owner') return []
  const settings = [`-c role=${roleNames[role]}`]
  if (role === 'reader') settings.push('-c default_transaction_read_only=on')
  return settings
}

/** In pg a URL's own `options` would replace ours, and with them the role; so they are taken out and put in front. */
function splitOptions(url: string): { url: string; settings: string } {
  const mark = url.indexOf('?')
  if (mark < 0) return { url, settings: '' }
  const query = new URLSearchParams(url.slice(mark + 1))
  const settings = query.get('options') ?? ''
  query.delete('options')
  return { url: `${url.slice(0, mark)}?${query.toString()}`, settings }
}

// pg's types name only some of the object identifiers its parsers know.
const defaultParser = pg.types.getTypeParser as (oid: number, format?: 'text' | 'binary') => (value: string) => unknown
const parseTextArray = defaultParser(1009) as (text: string) => (string | null)[]

/** Object identifiers from src/include/catalog/pg_type.dat. Keys are those whose default in pg loses something. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  20: BigInt, // int8
  1016: (text) => parseTextArray(text).map((element) => (element === null ? null : BigInt(element))), // int8[]
  1082: (text) => text, // date
  1182: parseTextArray, // date[]
  1231: parseTextArray, // numeric[]
}

function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  const ours = format === 'binary' ? undefined : parsers[oid]
  return ours ?? defaultParser(oid, format)
}
