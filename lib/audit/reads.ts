import { z } from 'zod'
import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { decodeCursor, encodeCursor, pageLimitMax } from '#lib/platform/page.ts'
import { timeOfId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { selectEntries, selectEntry, type EntryRows, type EntryView } from './entries.ts'
import { readLag } from './lag.ts'
import { logVerifierKey } from './log-key.ts'
import { proveInclusion } from './merkle-proof.ts'
import { encodeProof } from './proof-format.ts'
import { selectHead, selectLeafOf } from './queries.ts'
import { selectMissingCounters, selectMonitor, selectPublications } from './queries-publish.ts'
import { assertOriginKept } from './sequence.ts'
import { tileHashReader } from './right-edge.ts'
import { readTileBytes } from './tile-store.ts'

const word = z.string().min(1).max(200)
const ListEntriesInput = z.strictObject({
  limit: z.number().int().min(1).max(pageLimitMax).default(50),
  /** Of an answer's `nextCursor`: the entries older than that page. */
  cursor: z.string().max(100).optional(),
  /** Of an answer's `previousCursor`: the entries newer than that page. Not together with `cursor`. */
  newer: z.string().max(100).optional(),
  /** The action, such as `rollout:roll-back`. */
  kind: word.optional(),
  outcome: z.enum(['done', 'denied', 'found']).optional(),
  resourceKind: word.optional(),
  resourceId: word.optional(),
  actorId: word.optional(),
  requestId: word.optional(),
  from: z.date().optional(),
  to: z.date().optional(),
  text: word.optional(),
})
export type ListEntriesInput = z.input<typeof ListEntriesInput>

export type EntryPage = {
  /** Newest first. */
  items: EntryView[]
  /** For the entries older than these; null at the oldest. */
  nextCursor: string | null
  /** For the entries newer than these; null on the newest page. */
  previousCursor: string | null
  /**
   * Set when the search has looked at as many entries as one page may and has not come to the end: nothing beyond this
   * instant was looked at yet, and the next page goes on there.
   */
  lookedTo: Date | null
}

/**
 * The audit entries of the workspace, newest first: who did what, and why. Pages go both ways by keyset.
 *
 * Sign-ins and the creation of workspaces are acts in the installation's own workspace, `quarterdeck`: who may read its
 * entries is whoever holds a role with `audit:read` there, by the same rule, and nobody else.
 */
export async function listEntries(ctx: Ctx, input: ListEntriesInput = {}): Promise<EntryPage> {
  await authorizeRead(ctx, 'audit:read')
  const { limit, cursor, newer, ...filter } = parseInput(ListEntriesInput, input)
  const [before, after] = [decodeCursor(cursor), decodeCursor(newer)]
  if (before !== undefined && after !== undefined)
    throw problem('invalid', 'Give cursor or newer, not both.', {
      errors: [{ path: 'newer', message: 'not together with cursor' }],
    })
  const asked = { ...filter, workspaceId: ctx.workspaceId, before, after, limit: limit + 1 }
  return pageBothWays(await selectEntries(ctx.db, asked), { limit, before, after })
}

function pageBothWays(
  { entries, lookedTo }: EntryRows,
  asked: { limit: number; before: string | undefined; after: string | undefined },
): EntryPage {
  const isUpwards = asked.after !== undefined
  const hasMore = entries.length > asked.limit
  const items = isUpwards ? entries.slice(-asked.limit) : entries.slice(0, asked.limit)
  // The walk's own end: the item that it reached last, or where it stopped looking.
  const reached = lookedTo ?? (hasMore ? (isUpwards ? items.at(0) : items.at(-1))?.id : undefined)
  const onwards = reached === undefined ? null : encodeCursor(reached)
  // Where it came from: there is at least the entry that the cursor named.
  const start = (isUpwards ? items.at(-1)?.id : items.at(0)?.id) ?? asked.before ?? asked.after
  const back = start === undefined || (asked.before ?? asked.after) === undefined ? null : encodeCursor(start)
  return {
    items,
    nextCursor: isUpwards ? back : onwards,
    previousCursor: isUpwards ? onwards : back,
    lookedTo: lookedTo === null ? null : timeOfId(lookedTo),
  }
}

/** What shows, without us, that an entry is in the log. */
export type Receipt = {
  /** The leaf's bytes as text (RFC 8785 JSON): what was hashed. */
  leaf: string
  /** A C2SP tlog-proof with the signed checkpoint in it, to be kept as a `.tlog-proof` file. */
  proof: string
}

/** One audit entry of the workspace with its receipt, which is null while the sequencer has not come to it. */
export async function readEntry(ctx: Ctx, id: string): Promise<EntryView & { receipt: Receipt | null }> {
  await authorizeRead(ctx, 'audit:read')
  const entry = await selectEntry(ctx.db, ctx.workspaceId, id)
  if (!entry) throw problem('not-found', 'There is no such audit entry in this workspace.')
  return { ...entry, receipt: await receiptOf(ctx.db, id) }
}

export type LogStatus = {
  origin: string
  /** Said when the configured origin is not the one that the log was begun under; then nothing gets a place. */
  originProblem: string | null
  /** Entries in the log at its newest checkpoint; the root hash is base64. Null before the first one. */
  head: { size: number; root: string; at: Date } | null
  vkey: string | null
  backlog: number
  lagSeconds: number
  /** Entries that processes have counted and that have no place: taken out, or of transactions that failed at their end. */
  missing: number
  publications: {
    target: string
    size: number
    publishedAt: Date | null
    checkedAt: Date | null
    failure: string | null
  }[]
  monitor: { checkedAt: Date | null; sweptAt: Date | null; mismatches: string[] }
}

const shownGaps = 50

/** How the installation's log stands. No secret: its head is published; a role that reads audit entries sees it here. */
export async function readLogStatus(ctx: Ctx): Promise<LogStatus> {
  await authorizeRead(ctx, 'audit:read')
  const { db, clock, config } = ctx
  const [head, vkey, lag, gaps, publications, monitor] = await Promise.all([
    selectHead(db),
    logVerifierKey(db),
    readLag(db, clock.now()),
    selectMissingCounters(db, shownGaps),
    selectPublications(db),
    selectMonitor(db),
  ])
  return {
    origin: config.logOrigin,
    originProblem: head ? originProblem(head.note, config.logOrigin) : null,
    head: head ? { size: head.size, root: head.root, at: head.time } : null,
    vkey: vkey ?? null,
    backlog: lag.backlog,
    lagSeconds: lag.lagSeconds,
    missing: gaps.reduce((sum, gap) => sum + gap.missing, 0),
    publications: publications.map((p) => ({
      target: p.target,
      size: Number(p.size),
      publishedAt: p.published_at,
      checkedAt: p.checked_at,
      failure: p.failure,
    })),
    monitor: {
      checkedAt: monitor.checkedAt,
      sweptAt: monitor.sweptAt,
      mismatches: Object.values(monitor.mismatches),
    },
  }
}

function originProblem(note: string, origin: string): string | null {
  try {
    assertOriginKept(note, origin)
    return null
  } catch (error) {
    if (!isProblem(error, 'unavailable')) throw error
    return error.message
  }
}

// The leaf first: a leaf is committed together with a checkpoint that covers it, so the newest one does.
async function receiptOf(db: Reader, entryId: string): Promise<Receipt | null> {
  const row = await selectLeafOf(db, entryId)
  if (!row) return null
  const head = await selectHead(db)
  if (!head) throw new Error(`entry ${entryId} has a place, and the log has no checkpoint`)
  const index = Number(row.index)
  const read = tileHashReader(head.size, (tile) => readTileBytes(db, tile))
  const hashes = await proveInclusion(index, head.size, read)
  return { leaf: row.leaf.toString('utf8'), proof: encodeProof({ index, hashes, checkpoint: head.note }) }
}
