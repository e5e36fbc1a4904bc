import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { inject } from 'vitest'
import { kyselyOn, openPool, type DatabaseRole } from './connect.ts'
import { migrate, migrationChecksum, type Migration } from './migrate.ts'
import { migrations as allMigrations } from './migrations/all.ts'
import type { Database } from './schema.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket of `serveTestClusters`, given by tests/setup/postgres.ts. */
    testClusterStarter: string
  }
}

export type TestDatabase = {
  ownerUrl: string
  writer: Kysely<Database>
  reader: Kysely<Database>
  pools: { owner: pg.Pool; writer: pg.Pool; reader: pg.Pool }
  /** Ends the pools and drops the database, also when something is still connected to it. */
  close(): Promise<void>
}

/**
 * A new database with the newest schema, cloned from a template, on a real PostgreSQL that this worker slot has to
 * itself. For `beforeAll`; call `close` in `afterAll`.
 *
 * @param options.migrations other migrations than the product's, for tests of migrations; `[]` gives an empty database
 * @param options.max connections a pool
 */
export async function testDatabase(
  options: { migrations?: readonly Migration[]; max?: number } = {},
): Promise<TestDatabase> {
  const clusterUrl = await testCluster()
  const template = await ensureTemplate(clusterUrl, options.migrations ?? allMigrations)
  const name = await cloneTemplate(clusterUrl, template)
  const ownerUrl = withDatabase(clusterUrl, name)
  const pool = (role: DatabaseRole) =>
    // The servers outlive every test, so a connection lost while idle is one that `close` ended by force.
    openPool({ url: ownerUrl, role, max: options.max ?? 10, applicationName: `test ${role}`, onError: () => undefined })
  const pools = { owner: pool('owner'), writer: pool('writer'), reader: pool('reader') }
  const close = async () => {
    for (const p of Object.values(pools)) if (!p.ended) await p.end()
    await onCluster(clusterUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  }
  return { ownerUrl, writer: kyselyOn<Database>(pools.writer), reader: kyselyOn<Database>(pools.reader), pools, close }
}

/** The URL of this worker slot's cluster (owner, database `quarterdeck`), started when first asked for. */
export async function testCluster(): Promise<string> {
  const socketPath = inject('testClusterStarter')
  const slot = process.env.VITEST_POOL_ID
  if (!socketPath || !slot)
    throw new Error('test databases need the globalSetup tests/setup/postgres.ts in vitest.config.ts')
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    get({ socketPath, path: `/${slot}`, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    }).on('error', reject)
  })
  if (status !== 200) throw new Error(`no test cluster: ${body}`)
  return (JSON.parse(body) as { url: string }).url
}

/** The template is named after what it holds, so that watch mode makes a new one after an edit. */
async function ensureTemplate(clusterUrl: string, migrations: readonly Migration[]): Promise<string> {
  const checksums = await Promise.all(migrations.map(async (m) => [m.id, await migrationChecksum(m)]))
  const name = `template_${createHash('sha256').update(JSON.stringify(checksums)).digest('hex').slice(0, 16)}`
  await onCluster(clusterUrl, async (client) => {
    const found = await client.query<{ datistemplate: boolean }>(
      'SELECT datistemplate FROM pg_database WHERE datname = $1',
      [name],
    )
    if (found.rows[0]?.datistemplate) return
    // Left half made by a test run that failed or was ended in the middle.
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${name}`)
    await migrate({ ownerUrl: withDatabase(clusterUrl, name), migrations, now: new Date(0) })
    await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true ALLOW_CONNECTIONS false`)
  })
  return name
}

async function cloneTemplate(clusterUrl: string, template: string): Promise<string> {
  return onCluster(clusterUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT 'test_' || replace(gen_random_uuid()::text, '-', '') AS name`,
    )
    const name = rows[0]?.name ?? ''
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
    return name
  })
}

async function onCluster<T>(clusterUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: clusterUrl })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  return url.replace(/\/[^/?]*\?/, `/${name}?`)
}
