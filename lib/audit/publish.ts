import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { takeLease } from '#lib/platform/lease.ts'
import type { CheckpointStore, LogFile } from '#lib/platform/ports/checkpoint-store.ts'
import { appendEntry } from './append.ts'
import { comparePublished } from './compare-published.ts'
import { logVerifierKey } from './log-key.ts'
import { selectHead } from './queries.ts'
import { keepPublication, selectCheckpointUpTo, selectPublication, type Publication } from './queries-publish.ts'
import { readBundleLeaves, readTileBytes } from './tile-store.ts'
import { bundlePath, changedBundles, changedTiles, encodeBundle, tilePath } from './tiles.ts'

const leaseSeconds = 300
/** Leaves that one turn publishes: some 400 bundles and as many tiles. A longer way is gone checkpoint by checkpoint. */
const leavesMax = 100_000
const filesAtOnce = 64
const pauseMsMax = 3_600_000

/**
 * One turn: brings every configured place to the log's newest checkpoint. The place is read first, and nothing is
 * published to it unless this log is proven to extend what stands there. Whatever dies in between has published
 * nothing, and the next turn begins again from what stands there.
 * @returns how many places were brought further; there may be more to bring
 */
export async function publishLog(system: System, holder: string): Promise<number> {
  let worked = 0
  for (const store of system.ports.checkpoints()) {
    const row = (await selectPublication(system.db, store.target)) ?? firstRow(store.target)
    if (row.due_at > system.clock.now()) continue
    const lease = await takeLease(system, `audit-publish ${store.target}`.slice(0, 200), holder, leaseSeconds)
    if (lease && (await publishTurn(system, store, row))) worked += 1
  }
  return worked
}

function firstRow(target: string): Publication {
  const never = new Date(0)
  return {
    target,
    size: 0n,
    note: null,
    published_at: null,
    checked_at: null,
    attempts: 0,
    failure: null,
    due_at: never,
  }
}

async function publishTurn(system: System, store: CheckpointStore, row: Publication): Promise<boolean> {
  const intervalMs = system.config.auditPublishSeconds * 1000
  const dueIn = (ms: number) => new Date(system.clock.now().getTime() + ms)
  try {
    const outcome = await publishTo(system, store, row)
    const isBehind = outcome.size < outcome.headSize
    const checked = {
      checked_at: system.clock.now(),
      attempts: 0,
      failure: null,
      due_at: dueIn(isBehind ? 0 : intervalMs),
    }
    const published =
      outcome.note === null ? {} : { size: BigInt(outcome.size), note: outcome.note, published_at: system.clock.now() }
    await keep(system, { ...row, ...checked, ...published }, outcome.note !== null && row.note === null)
    return outcome.note !== null && isBehind
  } catch (error) {
    // Another place's turn goes on; what it was is on the page, and the monitor raises what is more than a failure.
    const failure = (error instanceof Error ? error.message : String(error)).slice(0, 1_000)
    system.log.error({ err: error, target: store.target }, 'the audit log was not published')
    const pauseMs = Math.min(pauseMsMax, intervalMs * 2 ** Math.min(row.attempts, 10))
    await keep(system, { ...row, attempts: row.attempts + 1, failure, due_at: dueIn(pauseMs) }, false)
    return false
  }
}

type Outcome = { headSize: number; size: number; /** Null when there was nothing new. */ note: string | null }

async function publishTo(system: System, store: CheckpointStore, row: Publication): Promise<Outcome> {
  const [head, vkey] = [await selectHead(system.db), await logVerifierKey(system.db)]
  if (!head || vkey === undefined) return { headSize: 0, size: 0, note: null }
  const outside = await store.readCheckpoint()
  const compared = { outside, recorded: row.note, head: head.note, vkey }
  const verdict = await comparePublished(system.db, compared)
  if (!verdict.extends) throw new Error(`Not published: ${verdict.because}.`)
  const next = await selectCheckpointUpTo(system.db, verdict.size, Math.min(head.size, verdict.size + leavesMax))
  if (!next) {
    // What stands there is the head itself: somebody died after publishing it and before saying so here.
    const isUnsaid = outside !== undefined && outside !== row.note
    return { headSize: head.size, size: verdict.size, note: isUnsaid ? outside : null }
  }
  if (store.keepsTiles) await writeTiles(system, store, verdict.size, next.size)
  await store.writeCheckpoint(next.note, outside)
  system.metrics.auditPublishedSize.set({ target: store.target }, next.size)
  return { headSize: head.size, size: next.size, note: next.note }
}

// Bundles before the tiles over them, tiles before the checkpoint: whoever reads there finds what the head speaks of.
async function writeTiles(system: System, store: CheckpointStore, from: number, to: number): Promise<void> {
  let files: LogFile[] = []
  const flush = async () => {
    if (files.length > 0) await store.writeFiles(files)
    files = []
  }
  for (const { index, width } of changedBundles(from, to)) {
    files.push({ path: bundlePath(index, width), bytes: encodeBundle(await readBundleLeaves(system.db, index, width)) })
    if (files.length === filesAtOnce) await flush()
  }
  for (const tile of changedTiles(from, to)) {
    files.push({ path: tilePath(tile.level, tile.index, tile.width), bytes: await readTileBytes(system.db, tile) })
    if (files.length === filesAtOnce) await flush()
  }
  await flush()
}

// Every publication is no entry: each would make the log longer and so the next one due. The first to a place is one.
async function keep(system: System, row: Publication, isFirst: boolean): Promise<void> {
  await housekeep(system, 'sequencer', async (tx) => {
    await keepPublication(tx, row)
    if (!isFirst) return
    await appendEntry(tx, workerCtx(system, rootWorkspaceId), {
      action: 'audit:publish',
      resource: { kind: 'log', id: system.config.logOrigin },
      outcome: 'done',
      because: `The log is published to ${row.target} from now on.`,
      after: { target: row.target, size: Number(row.size) },
    })
  })
}
