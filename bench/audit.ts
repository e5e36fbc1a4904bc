/**
 * What the audit log costs: governed writes a second through the door with 1 and 16 writers, next to bare INSERTs of the same
 * bytes in the same run, and entries sequenced a second. One JSON line for each figure.
 *
 *   node bench/audit.ts [entries]
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import { startEmbeddedPostgres } from '#lib/platform/db/embedded.ts'
import { migrate } from '#lib/platform/db/migrate.ts'
import { migrations } from '#lib/platform/db/migrations/all.ts'
import { silentLog } from '#lib/platform/log.ts'
import { openSystem } from '#lib/system.ts'
import { noOutsidePorts } from '#lib/system/bind-ports.ts'

const count = Number(process.argv[2] ?? 2_000)
if (!Number.isSafeInteger(count) || count < 16)
  throw new Error('the number of entries must be an integer of 16 or more')

const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-bench-'))
try {
  // PostgreSQL may run as another user, who has to pass here.
  await chmod(folder, 0o711)
  const postgres = await startEmbeddedPostgres({ dataFolder: path.join(folder, 'postgres') })
  try {
    await measureOn(postgres.url)
  } finally {
    await postgres.stop()
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measureOn(url: string): Promise<void> {
  await migrate({ ownerUrl: url, migrations, now: new Date() })
  const { system, close } = await openSystem({
    config: readConfig({ DATABASE_POOL_MAX: '16' }),
    databaseUrl: url,
    secret: 'a secret for benchmarks only, 32 chars or more',
    role: 'bench',
    ports: noOutsidePorts,
    log: silentLog(),
  })
  const bare = await bareTable(url)
  try {
    for (const writers of [1, 16]) {
      const governed = await rate(writers, () => governedWrite(system))
      const plain = await rate(writers, await bare.insertOf())
      report(`governed-writes-${writers}`, governed, 'entries/s')
      report(`bare-inserts-${writers}`, plain, 'rows/s')
    }
    const start = performance.now()
    let placed = 0
    for (let n = await sequenceEntries(system); n > 0; n = await sequenceEntries(system)) placed += n
    report('sequenced', (placed * 1_000) / (performance.now() - start), 'entries/s')
  } finally {
    await bare.end()
    await close()
  }
}

/** Permission, entry, detail and commit; the verb itself writes nothing, so that its own cost is not measured. */
function governedWrite(system: System): Promise<void> {
  const resource = { kind: 'workspace', id: rootWorkspaceId, workspaceId: rootWorkspaceId }
  const load = () => Promise.resolve({ subject: undefined, resource })
  return mutate(systemCtx(system), { action: 'workspace:create', load }, () =>
    Promise.resolve({ value: undefined, audit: { because: 'a step held for its time', after: { weight: 25 } } }),
  )
}

/** A table without index, permission or proof, into which rows of an entry's size go, one durable commit each. */
async function bareTable(url: string) {
  const pool = openPool({
    url,
    role: 'owner',
    max: 16,
    applicationName: 'bench',
    onError: (error) => console.error(error),
  })
  await pool.query('create table bare (bytes text)')
  const insertOf = async () => {
    const { rows } = await pool.query<{ bytes: number }>(
      `select round(avg(pg_column_size(e.*) + pg_column_size(d.*)))::int as bytes
       from audit_entry e join audit_detail d on d.entry_id = e.id`,
    )
    const bytes = randomBytes(Math.ceil((rows[0]?.bytes ?? 0) / 2)).toString('hex')
    return () => pool.query('insert into bare values ($1)', [bytes])
  }
  return { insertOf, end: () => pool.end() }
}

async function rate(writers: number, write: () => Promise<unknown>): Promise<number> {
  let left = count
  const start = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (left > 0) {
        left -= 1
        await write()
      }
    }),
  )
  return (count * 1_000) / (performance.now() - start)
}

function report(figure: string, value: number, unit: string): void {
  console.log(JSON.stringify({ bench: 'audit', figure, value: Math.round(value), unit }))
}
