import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { takeLease } from '#lib/platform/lease.ts'
import { appendEntry } from './append.ts'
import { comparePublished } from './compare-published.ts'
import { logVerifierKey } from './log-key.ts'
import { selectHead } from './queries.ts'
import {
  keepMonitor,
  selectMissingCounters,
  selectMonitor,
  selectPublication,
  type MonitorState,
} from './queries-publish.ts'
import { assertOriginKept } from './sequence.ts'
import { sweepBundle, sweepHead, type Mismatches } from './sweep.ts'

const leaseSeconds = 120
/** 4,096 entries a turn: at a turn every fifteen seconds a million entries are looked at again within about an hour. */
const bundlesATurn = 16
const checkEveryMs = 60_000
const mismatchesMax = 100
const gapsMax = 20

/** What was judged, by prefixes of keys, and what was found wrong there: a key that is judged and not wrong is cleared. */
export type Judgement = { judged: readonly string[]; wrong: Mismatches }

/** A check of what another domain keeps; it goes on after `after` and says where the next turn does ('' at the end). */
export type StoredCheck = (system: System, after: string) => Promise<Judgement & { next: string }>

/**
 * One turn of the log's monitor: every minute the checkpoints as they stand OUTSIDE against this log, and at every turn a
 * piece of the log against itself and of what `check` looks at. What is newly wrong is an entry of the log (which opens
 * an incident), a metric and an error in the process's log; it stays until it is right again.
 * @returns 0: its timer alone drives it
 */
export async function monitorLog(system: System, holder: string, check?: StoredCheck): Promise<0> {
  if (!(await takeLease(system, 'audit-monitor', holder, leaseSeconds))) return 0
  const now = system.clock.now()
  const state = await selectMonitor(system.db)
  const head = await selectHead(system.db)
  const judgements: Judgement[] = []
  let next: MonitorState = state
  if (head) {
    const swept = await sweepOn(system, state, head.size)
    judgements.push(...swept.judgements)
    next = { ...next, nextBundle: swept.nextBundle, sweptAt: swept.nextBundle === 0 ? now : state.sweptAt }
    if (state.checkedAt === null || now.getTime() - state.checkedAt.getTime() >= checkEveryMs) {
      judgements.push({ judged: ['head'], wrong: await sweepHead(system.db, head) })
      judgements.push(originKept(head.note, system.config.logOrigin))
      judgements.push(...(await checkPublished(system, head.note)))
      next = { ...next, checkedAt: now }
    }
  }
  if (check) {
    const checked = await check(system, state.nextAttestation)
    judgements.push(checked)
    next = { ...next, nextAttestation: checked.next }
  }
  await settle(system, state, { ...next, mismatches: merge(state.mismatches, judgements) })
  await watchCounters(system)
  return 0
}

async function sweepOn(
  system: System,
  state: MonitorState,
  size: number,
): Promise<{ judgements: Judgement[]; nextBundle: number }> {
  const judgements: Judgement[] = []
  let bundle = state.nextBundle * 256 < size ? state.nextBundle : 0
  for (let n = 0; n < bundlesATurn && bundle * 256 < size; n++, bundle++) {
    const wrong = await sweepBundle(system.db, size, bundle)
    const leaves = Array.from({ length: 256 }, (_, i) => `leaf:${bundle * 256 + i}`)
    judgements.push({ judged: [`bundle:${bundle}`, `tile:0/${bundle}`, ...leaves, ...wrong.keys()], wrong })
  }
  return { judgements, nextBundle: bundle * 256 < size ? bundle : 0 }
}

function originKept(note: string, origin: string): Judgement {
  try {
    assertOriginKept(note, origin)
    return { judged: ['origin'], wrong: new Map() }
  } catch (error) {
    if (!isProblem(error, 'unavailable')) throw error
    return { judged: ['origin'], wrong: new Map([['origin', error.message]]) }
  }
}

async function checkPublished(system: System, head: string): Promise<Judgement[]> {
  const vkey = await logVerifierKey(system.db)
  const judgements: Judgement[] = []
  for (const store of system.ports.checkpoints()) {
    const key = `store:${store.target}`
    try {
      // The row first: the publisher may publish between the two reads, and never takes back.
      const recorded = (await selectPublication(system.db, store.target))?.note ?? null
      const outside = await store.readCheckpoint()
      const newest = (await selectHead(system.db))?.note ?? head
      const verdict = await comparePublished(system.db, { outside, recorded, head: newest, vkey: vkey ?? '' })
      const wrong: Mismatches = verdict.extends ? new Map() : new Map([[key, `${store.target}: ${verdict.because}`]])
      judgements.push({ judged: [key], wrong })
    } catch (error) {
      // Not being reached is no mismatch, and no proof that there is none: what was found before stays.
      system.log.warn({ err: error, target: store.target }, 'a published checkpoint could not be read back')
    }
  }
  return judgements
}

function merge(known: MonitorState['mismatches'], judgements: readonly Judgement[]): Record<string, string> {
  const merged = new Map(Object.entries(known))
  for (const { judged, wrong } of judgements) {
    for (const key of judged) if (!wrong.has(key)) merged.delete(key)
    for (const [key, text] of wrong) if (merged.has(key) || merged.size < mismatchesMax) merged.set(key, text)
  }
  return Object.fromEntries(merged)
}

async function settle(system: System, before: MonitorState, after: MonitorState): Promise<void> {
  const news = Object.entries(after.mismatches).filter(([key]) => before.mismatches[key] === undefined)
  const cleared = Object.keys(before.mismatches).filter((key) => after.mismatches[key] === undefined)
  system.metrics.auditMismatches.set(Object.keys(after.mismatches).length)
  await housekeep(system, 'sequencer', async (tx) => {
    await keepMonitor(tx, after)
    if (news.length === 0 && cleared.length === 0) return
    const texts = news.map(([, text]) => text)
    await appendEntry(tx, workerCtx(system, rootWorkspaceId), {
      action: 'audit:monitor',
      resource: { kind: 'log', id: system.config.logOrigin },
      outcome: 'found',
      because: texts[0] ?? 'What was found wrong before is right again.',
      before: { mismatches: Object.keys(before.mismatches).length },
      after: {
        state: Object.keys(after.mismatches).length === 0 ? 'right-again' : 'mismatch',
        mismatches: Object.keys(after.mismatches).length,
        found: texts,
        cleared,
      },
    })
  })
  for (const [, text] of news) system.log.error({ mismatch: text }, 'the audit log does not agree with itself')
  if (news.length + cleared.length > 0) system.notify(['audit', 'changes'])
}

// A gap alone is no proof: a transaction that fails at its very end leaves one too. So it is shown and counted.
async function watchCounters(system: System): Promise<void> {
  const gaps = await selectMissingCounters(system.db, gapsMax)
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0)
  system.metrics.auditMissingEntries.set(missing)
  if (missing > 0) system.log.warn({ missing, gaps }, 'processes have counted entries that have no place in the log')
}
