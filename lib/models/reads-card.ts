import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { checkCard, type CardCheck } from './card-completeness.ts'
import { diffFields, diffLines } from './card-diff.ts'
import { parseCard, type ParsedCard } from './card-format.ts'
import { currentCardPolicy } from './load-card-policies.ts'
import type { CardDiffView, CardRef, CardRevisionView, CardView } from './model-card.ts'
import { selectCard, selectCardRevisions, type CardRow } from './queries-card.ts'

/** What an approval binds of a card: its digest, and whether it says all that the card policy asks for. */
export type CurrentCard = {
  revision: number
  digest: string
  complete: boolean
  /** What is missing, by title, such as "Limitations". */
  missing: string[]
  checks: CardCheck[]
  policyDigest: string
  /** Who wrote the newest revision. */
  createdById: string
}

/** For verbs of other domains, in their transaction: the card of a version as it is now; undefined without a version. */
export async function selectCurrentCard(db: Reader, versionId: string): Promise<CurrentCard | undefined> {
  const row = await selectCard(db, versionId)
  if (!row) return undefined
  const { complete, missing, checks, policy } = judge(row)
  const { revision, digest, createdById } = row
  return { revision, digest, complete, missing, checks, policyDigest: policy.digest, createdById }
}

/** A card with its checks: that revision, or the newest. */
export async function readCard(
  ctx: Ctx,
  input: { versionId: string; revision?: number | undefined },
): Promise<CardView> {
  const row = await authorized(ctx, await selectCard(ctx.db, input.versionId, input.revision))
  const { id: _, workspaceId: __, labels: ___, risk: ____, createdById, createdByName, ...view } = row
  return { ...view, ...judge(row), createdBy: { id: createdById, name: createdByName } }
}

/** The edits of a version's card, newest first; what was registered with the version is the last of the last page. */
export async function listCardRevisions(
  ctx: Ctx,
  input: { versionId: string; limit?: number; cursor?: string | undefined },
): Promise<Page<CardRevisionView>> {
  const first = await authorized(ctx, await selectCard(ctx.db, input.versionId, 0))
  const limit = input.limit ?? 50
  const rows = await selectCardRevisions(ctx.db, input.versionId, {
    before: decodeCursor(input.cursor),
    limit: limit + 1,
  })
  const page = pageOf(rows.map(toRevision), limit, (row) => row.id ?? '')
  return page.nextCursor === null ? { ...page, items: [...page.items, toRevision(first)] } : page
}

/** What differs between two cards, of one version or of two: the front matter by field, the whole text by line. */
export async function diffCards(
  ctx: Ctx,
  input: {
    before: { versionId: string; revision?: number | undefined }
    after: { versionId: string; revision?: number | undefined }
  },
): Promise<CardDiffView> {
  const [before, after] = await Promise.all(
    [input.before, input.after].map(async (of) => authorized(ctx, await selectCard(ctx.db, of.versionId, of.revision))),
  )
  if (!before || !after) throw new TypeError('two cards are compared')
  const [a, b] = [read(before.text).card, read(after.text).card]
  return {
    before: toRef(before),
    after: toRef(after),
    fields: diffFields(a?.frontMatter ?? {}, b?.frontMatter ?? {}),
    lines: diffLines(before.text, after.text),
  }
}

async function authorized(ctx: Ctx, row: CardRow | undefined): Promise<CardRow> {
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such card in this workspace.')
  const { workspaceId, labels } = row
  await authorizeRead(ctx, 'model:read', { kind: 'version', id: row.versionId, workspaceId, labels })
  return row
}

function judge(row: CardRow) {
  const { policy, digest } = currentCardPolicy()
  const { card, because } = read(row.text)
  const checks = card
    ? checkCard(card, policy, row.risk)
    : [{ name: 'readable', title: 'Front matter that can be read', ok: false, because: because ?? '' }]
  return {
    frontMatter: card?.frontMatter ?? null,
    body: card?.body ?? row.text,
    checks,
    complete: checks.every((check) => check.ok),
    missing: checks.filter((check) => !check.ok).map((check) => check.title),
    policy: { name: policy.name, digest },
  }
}

// What was registered with a version may be any text. An edit is read before it is kept.
function read(text: string): { card?: ParsedCard; because?: string } {
  try {
    return { card: parseCard(text) }
  } catch (error) {
    if (!isProblem(error, 'invalid')) throw error
    return { because: error.message }
  }
}

function toRef({ versionId, revision, digest }: Omit<CardRow, 'text'>): CardRef {
  return { versionId, revision, digest }
}

function toRevision(row: Omit<CardRow, 'text'>): CardRevisionView {
  const { id, because, createdAt, createdById, createdByName } = row
  return { ...toRef(row), id, because, createdAt, createdBy: { id: createdById, name: createdByName } }
}
