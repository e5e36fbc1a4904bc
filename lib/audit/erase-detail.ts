import { z } from 'zod'
import { auditRetentionDaysMin } from '#lib/platform/config.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { appendEntry, type AuditDraft } from './append.ts'
import { selectEntry } from './entries.ts'
import { permit } from './permit.ts'
import { eraseContents, erasePersonIn, erasePersonOf, selectIdentity } from './queries-erase.ts'

const id = z.string().min(1).max(100)
export const EraseDetailInput = z.strictObject({
  /** A person, in all their entries of this workspace, or one entry. */
  of: z.union([z.strictObject({ identityId: id }), z.strictObject({ entryId: id })]),
  /** person: who it was, at any time. all: what happened too, of one entry, once it has been kept for six months. */
  scope: z.enum(['person', 'all']),
  /** Why, for the log, where it stays: it should not name the person. */
  reason: z.string().trim().min(10).max(2000),
})
export type EraseDetailInput = z.input<typeof EraseDetailInput>

export type Erased = {
  entries: number
  /** True when there is more: ask again. */
  more: boolean
}

const entriesATurn = 1_000
const turnsMax = 100
const dayMs = 86_400_000

/**
 * Erases detail beside the log, salt and all; the digests stay in the log, so every proof and every export stays valid. Two
 * things are kept apart. A person's right to erasure (GDPR art. 17) takes away who it was, at any time, and leaves
 * what was done. What was done is kept for six months (AI Act art. 19(1), 26(6)) and no setting or role shortens that.
 * The act is an entry itself.
 *
 * @throws `forbidden` (recorded), `invalid`, `not-found` also for another workspace's entries, `conflict` before six months
 * have passed or when it was erased already
 */
export async function eraseDetail(ctx: Ctx, input: EraseDetailInput): Promise<Erased> {
  await permit(ctx, 'audit:erase')
  const { of, scope, reason } = parseInput(EraseDetailInput, input)
  if ('entryId' in of) return eraseEntry(ctx, of.entryId, scope, reason)
  if (scope === 'all')
    throw problem('invalid', 'All detail is erased entry by entry; of a person only who it was.', {
      errors: [{ path: 'scope', message: 'must be person, as of names an identity' }],
    })
  return erasePerson(ctx, of.identityId, reason)
}

async function eraseEntry(ctx: Ctx, entryId: string, scope: 'person' | 'all', reason: string): Promise<Erased> {
  const entry = await selectEntry(ctx.db, ctx.workspaceId, entryId)
  if (!entry) throw problem('not-found', 'There is no such audit entry in this workspace.')
  const now = ctx.clock.now()
  const keptUntil = new Date(entry.time.getTime() + auditRetentionDaysMin * dayMs)
  if (scope === 'all' && now < keptUntil)
    throw problem(
      'conflict',
      `What this entry says is kept until ${keptUntil.toISOString().slice(0, 10)}: six months are the law's floor. Who it was can be erased now.`,
      { keptUntil: keptUntil.toISOString() },
    )
  const done = await housekeep(ctx, 'retention', async (tx) => {
    const erased =
      scope === 'all' ? (await eraseContents(tx, [entryId], now)) === 1 : await erasePersonIn(tx, entryId, now)
    if (!erased) throw problem('conflict', 'That was erased before, or this entry never held it apart.')
    await recordErasure(tx, ctx, { kind: 'entry', id: entryId }, { scope, entries: 1, digest: entry.digest, reason })
    return { entries: 1, more: false }
  })
  ctx.notify(['audit', 'changes'])
  return done
}

async function erasePerson(ctx: Ctx, identityId: string, reason: string): Promise<Erased> {
  if (!(await selectIdentity(ctx.db, identityId))) throw problem('not-found', 'There is no such identity.')
  let entries = 0
  for (let turn = 0; turn < turnsMax; turn++) {
    const now = ctx.clock.now()
    const count = await housekeep(ctx, 'retention', async (tx) => {
      const of = { workspaceId: ctx.workspaceId, identityId, now, limit: entriesATurn }
      const erased = await erasePersonOf(tx, of)
      const isNews = erased > 0 || turn === 0
      if (isNews)
        await recordErasure(tx, ctx, { kind: 'identity', id: identityId }, { scope: 'person', entries: erased, reason })
      return erased
    })
    entries += count
    if (count < entriesATurn) break
  }
  ctx.notify(['audit', 'changes'])
  return { entries, more: entries === entriesATurn * turnsMax }
}

type Erasure = { scope: 'person' | 'all'; entries: number; digest?: string; reason: string }

async function recordErasure(tx: Tx, ctx: Ctx, resource: AuditDraft['resource'], erasure: Erasure): Promise<void> {
  const { reason, ...after } = erasure
  await appendEntry(tx, ctx, { action: 'audit:erase', resource, outcome: 'done', because: reason, after })
}
