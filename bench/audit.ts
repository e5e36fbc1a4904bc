/**
 * What the audit log costs: governed writes a second through the door with 1, 8 and 32 writers, next to bare INSERTs of the same
 * bytes in the same run; how long a committed entry waits for its place under a signed head while eight writers write and a
 * sequencer runs as the worker runs it; and entries sequenced a second. One JSON line for each figure. What a proof costs
 * in a log of a million entries is measured by audit-search.ts, which makes such a log.
 *
 *   node bench/audit.ts [entries]
 */
import { randomBytes } from 'node:crypto'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import { startLoop } from '#lib/worker/loop.ts'
import { onBenchSystem } from './installation.ts'

const count = Number(process.argv[2] ?? 2_000)
if (!Number.isSafeInteger(count) || count < 16)
  throw new Error('the number of entries must be an integer of 16 or more')

await onBenchSystem(measureOn, { env: { DATABASE_POOL_MAX: '32' } })

async function measureOn(system: System, url: string): Promise<void> {
  const bare = await bareTable(url)
  try {
    for (const writers of [1, 8, 32]) {
      const governed = await rate(writers, () => governedWrite(system))
      const plain = await rate(writers, await bare.insertOf())
      report(`governed-writes-${writers}`, governed, 'entries/s')
      report(`bare-inserts-${writers}`, plain, 'rows/s')
    }
    const start = performance.now()
    let placed = 0
    for (let n = await sequenceEntries(system); n > 0; n = await sequenceEntries(system)) placed += n
    report('sequenced', (placed * 1_000) / (performance.now() - start), 'entries/s')
    await measureDelay(system)
  } finally {
    await bare.end()
  }
}

/** From a write's answer to the signed head that covers it, with the sequencer on its timer and on its hint. */
async function measureDelay(system: System): Promise<void> {
  const waiting = new Map<string, number>()
  const delays: number[] = []
  const stop = new AbortController()
  const loop = startLoop(
    {
      name: 'audit-sequencer',
      intervalMs: 1_000,
      turn: async () => {
        const count = await sequenceEntries(system)
        if (count > 0) await arrived(system, waiting, delays)
        return count
      },
    },
    { clock: system.clock, log: system.log, metrics: system.metrics, signal: stop.signal },
  )
  await rate(8, async () => {
    await governedWrite({ ...system, instance: { id: system.instance.id, next: counted(system, waiting) } })
    loop.wake()
  })
  const end = performance.now() + 10_000
  while (waiting.size > 0 && performance.now() < end) await system.clock.sleep(50)
  stop.abort()
  await loop.stopped
  if (waiting.size > 0) throw new Error(`${waiting.size} entries got no place within ten seconds`)
  delays.sort((a, b) => a - b)
  for (const [name, q] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const)
    report(`inclusion-delay-${name}`, delays[Math.floor(q * (delays.length - 1))] ?? 0, 'ms')
}

// The counter is drawn just before the insert, so the delay contains the write's own end and its commit: never too short.
function counted(system: System, waiting: Map<string, number>): () => bigint {
  return () => {
    const counter = system.instance.next()
    waiting.set(counter.toString(), performance.now())
    return counter
  }
}

async function arrived(system: System, waiting: Map<string, number>, delays: number[]): Promise<void> {
  const now = performance.now()
  const rows = await system.db
    .selectFrom('audit_leaf as l')
    .innerJoin('audit_entry as e', 'e.id', 'l.entry_id')
    .select('e.counter')
    .orderBy('l.index', 'desc')
    .limit(2_000)
    .execute()
  for (const { counter } of rows) {
    const since = waiting.get(counter.toString())
    if (since === undefined) continue
    waiting.delete(counter.toString())
    delays.push(now - since)
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
    max: 32,
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
