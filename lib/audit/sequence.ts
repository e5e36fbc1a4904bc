import { sql } from 'kysely'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { sameText } from '#lib/platform/secrets.ts'
import { entryMacInput } from './append.ts'
import { parseCheckpoint, signCheckpoint, type Checkpoint, type Previous } from './checkpoint.ts'
import { leafBytes } from './leaf.ts'
import { logSigner } from './log-key.ts'
import { leafHash } from './merkle.ts'
import { proveConsistency } from './merkle-proof.ts'
import { edgeRoot, growEdge, readEdge, tileHashReader, type Tile } from './right-edge.ts'
import { splitNote } from './signed-note.ts'
import { readTileBytes } from './tile-store.ts'

const batchMax = 2_000

/**
 * Gives committed entries their places in the log: leaves, tiles and a signed checkpoint in one transaction, under a row
 * lock, so that two sequencers take turns and a killed one leaves nothing half done.
 * @returns how many entries got a place; `batchMax` says that there may be more.
 */
export async function sequenceEntries(system: System): Promise<number> {
  const count = await housekeep(system, 'sequencer', (tx) => sequenceBatch(system, tx))
  if (count > 0) system.notify(['changes'])
  return count
}

async function sequenceBatch(system: System, tx: Tx): Promise<number> {
  const state = await lockState(system, tx)
  // The horizon first: what is below it had ended before the next statement looks, so it cannot be missed there.
  const horizon = await snapshotHorizon(tx)
  const entries = await unsequenced(tx, state)
  const last = entries.at(-1)
  // Entries of transactions at or above the horizon may still commit: the watermark never passes it.
  const full = entries.length === batchMax && last !== undefined && BigInt(last.xid) < BigInt(horizon)
  const watermark = full ? last.xid : horizon
  if (entries.length === 0) {
    await tx.updateTable('audit_sequencer').set({ watermark }).execute()
    return 0
  }
  const leaves = entries.map((entry) => {
    checkMac(system, entry)
    const leaf = leafBytes({
      v: 1,
      id: entry.id,
      time: entry.time.toISOString(),
      kind: entry.kind,
      digest: entry.digest,
      mac: entry.mac,
      process: { instance: entry.instance, counter: Number(entry.counter) },
    })
    return { entryId: entry.id, leaf, hash: Buffer.from(leafHash(leaf)) }
  })
  const size = Number(state.size)
  const before = await readEdge(size, (tile) => readTileBytes(tx, tile))
  const { edge, tiles } = growEdge(
    before,
    leaves.map((l) => l.hash),
  )
  await insertLeaves(tx, size, leaves)
  await countInstances(tx, entries)
  await storeTiles(tx, tiles)
  await storeCheckpoint(system, tx, { origin: system.config.logOrigin, size: edge.size, root: edgeRoot(edge) })
  await tx
    .updateTable('audit_sequencer')
    .set({ watermark, size: BigInt(edge.size), epoch: last?.epoch ?? state.epoch, time: system.clock.now() })
    .execute()
  return entries.length
}

async function lockState(system: System, tx: Tx): Promise<{ epoch: number; watermark: string; size: bigint }> {
  await tx
    .insertInto('audit_sequencer')
    .values({ epoch: 1, watermark: '0', size: 0n, time: system.clock.now() })
    .onConflict((c) => c.doNothing())
    .execute()
  return tx.selectFrom('audit_sequencer').select(['epoch', 'watermark', 'size']).forUpdate().executeTakeFirstOrThrow()
}

async function unsequenced(tx: Tx, state: { epoch: number; watermark: string }) {
  return tx
    .selectFrom('audit_entry as e')
    .select(['e.id', 'e.epoch', 'e.xid', 'e.time', 'e.kind', 'e.digest', 'e.instance', 'e.counter', 'e.mac'])
    .where(sql<boolean>`(e.epoch, e.xid) >= (${state.epoch}, ${state.watermark}::xid8)`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('audit_leaf as l').select('l.index').whereRef('l.entry_id', '=', 'e.id'))),
    )
    .orderBy('e.epoch')
    .orderBy('e.xid')
    .orderBy('e.id')
    .limit(batchMax)
    .execute()
}

async function snapshotHorizon(tx: Tx): Promise<string> {
  const { rows } = await sql<{ xmin: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('PostgreSQL gave no snapshot')
  return row.xmin
}

// An entry whose MAC is not ours was changed or made inside the database. It is sequenced all the same (hiding it would
// help whoever made it) and reported: the leaf carries the MAC, so an auditor with the key sees it too.
function checkMac(system: System, entry: Parameters<typeof entryMacInput>[0] & { mac: string }): void {
  const expected = system.secrets.mac('entry-mac', entryMacInput(entry))
  if (!sameText(expected, entry.mac))
    system.log.error({ entryId: entry.id }, 'an audit entry was not made by this installation: its MAC does not match')
}

async function insertLeaves(
  tx: Tx,
  size: number,
  leaves: { entryId: string; leaf: Buffer; hash: Buffer }[],
): Promise<void> {
  await sql`
    insert into audit_leaf (index, entry_id, leaf, hash)
    select ${BigInt(size)} + n - 1, e, l, h
    from unnest(${leaves.map((l) => l.entryId)}::text[], ${leaves.map((l) => l.leaf)}::bytea[], ${leaves.map((l) => l.hash)}::bytea[])
      with ordinality as t(e, l, h, n)`.execute(tx)
}

// Beside the log, in the same transaction: what a process has counted and what came of it, without reading the log again.
async function countInstances(tx: Tx, entries: { instance: string; counter: bigint; time: Date }[]): Promise<void> {
  await sql`
    insert into audit_instance as a (instance, entries, highest, last_at)
    select i, count(*), max(c), max(t)
    from unnest(${entries.map((e) => e.instance)}::text[], ${entries.map((e) => e.counter.toString())}::bigint[],
      ${entries.map((e) => e.time.toISOString())}::timestamptz[]) as u(i, c, t) group by i
    on conflict (instance) do update set entries = a.entries + excluded.entries,
      highest = greatest(a.highest, excluded.highest), last_at = greatest(a.last_at, excluded.last_at)`.execute(tx)
}

async function storeTiles(tx: Tx, tiles: readonly Tile[]): Promise<void> {
  for (const tile of tiles) {
    await tx
      .insertInto('audit_tile')
      .values({ level: tile.level, index: BigInt(tile.index), hashes: tile.bytes })
      .onConflict((c) => c.columns(['level', 'index']).doUpdateSet({ hashes: tile.bytes }))
      .execute()
  }
}

/**
 * The origin that a checkpoint was signed under, held against the configured one. A log keeps its origin for ever: a head
 * under another name extends nothing that anybody holds.
 * @throws `unavailable` that says which setting to put back
 */
export function assertOriginKept(note: string, origin: string): void {
  const signed = parseCheckpoint(splitNote(note).text).origin
  if (signed !== origin)
    throw problem(
      'unavailable',
      `QUARTERDECK_LOG_ORIGIN is ${origin}, but this log was begun as ${signed}: set it back. Nothing gets a place in the log until then; entries wait in the database.`,
      { configured: origin, signed },
    )
}

async function storeCheckpoint(system: System, tx: Tx, next: Checkpoint): Promise<void> {
  const signer = await logSigner(system, tx)
  const row = await tx
    .selectFrom('audit_checkpoint')
    .select(['size', 'root', 'note'])
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  const read = tileHashReader(next.size, (tile) => readTileBytes(tx, tile))
  if (row) assertOriginKept(row.note, next.origin)
  const previous: Previous = row
    ? {
        checkpoint: parseCheckpoint(splitNote(row.note).text),
        proof: await proveConsistency(Number(row.size), next.size, read),
      }
    : 'nothing-signed-yet'
  await tx
    .insertInto('audit_checkpoint')
    .values({
      size: BigInt(next.size),
      root: Buffer.from(next.root).toString('base64'),
      note: signCheckpoint(next, previous, [signer]),
      time: system.clock.now(),
    })
    .execute()
}
