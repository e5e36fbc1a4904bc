import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { budgetOf, isSound } from './budget.ts'
import type { SloState } from './decide.ts'
import { ReadBurnDownInput, type BurnDownPoint, type SloView } from './model.ts'
import { sliceSeconds } from './policy.ts'
import { selectSlo, selectSlos, sumPieces, type SloRow } from './queries.ts'

export type ListSlosInput = {
  limit?: number
  cursor?: string | undefined
  endpointId?: string | undefined
  /** `burning`: what spends its budget too fast now. */
  state?: SloState | undefined
}

/** The objectives of the workspace as they were last evaluated, newest first. */
export async function listSlos(ctx: Ctx, input: ListSlosInput = {}): Promise<Page<SloView>> {
  await authorizeRead(ctx, 'slo:read')
  const { limit = 50, cursor, ...filter } = input
  const before = decodeCursor(cursor)
  const rows = await selectSlos(ctx.db, { ...filter, workspaceId: ctx.workspaceId, before, limit: limit + 1 })
  return pageOf(rows.map(toView), limit, (s) => s.id)
}

/** An objective with its budget, its burn rates and what would change its state, as last evaluated. */
export async function readSlo(ctx: Ctx, id: string): Promise<SloView> {
  return toView(await authorized(ctx, id))
}

/**
 * How the budget went down over the objective's window, which ends with the last whole slice of now. A piece whose counts
 * cannot be true makes `left` null from there on; so does a window without any events.
 */
export async function readBurnDown(ctx: Ctx, input: ReadBurnDownInput): Promise<BurnDownPoint[]> {
  const { sloId, steps } = parseInput(ReadBurnDownInput, input)
  const slo = await authorized(ctx, sloId)
  const borders = stepBorders(ctx.clock.now(), slo.windowSeconds, steps)
  const pieces = await sumPieces(ctx.db, slo, borders)
  const total = pieces.reduce((sum, p) => sum + p.total, 0)
  let bad = 0
  let sound = true
  return pieces.map((piece, i) => {
    bad += piece.total - piece.good
    sound &&= isSound(piece)
    const { left } = budgetOf({ good: total - bad, total }, slo, null)
    return { at: borders[i + 1] ?? ctx.clock.now(), ...piece, left: sound ? left : null }
  })
}

function stepBorders(now: Date, windowSeconds: number, steps: number): Date[] {
  const slices = windowSeconds / sliceSeconds
  const count = Math.min(steps, slices)
  const end = Math.floor(now.getTime() / (sliceSeconds * 1000))
  return Array.from({ length: count + 1 }, (_, i) => {
    const slice = end - slices + Math.round((i * slices) / count)
    return new Date(slice * sliceSeconds * 1000)
  })
}

async function authorized(ctx: Ctx, id: string): Promise<SloRow> {
  const row = await selectSlo(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such objective in this workspace.')
  const { workspaceId, environment, labels } = row
  await authorizeRead(ctx, 'slo:read', { kind: 'slo', id: row.id, workspaceId, environment, labels })
  return row
}

function toView(row: SloRow): SloView {
  const { id, name, kind, target, thresholdMs, windowSeconds, state, status, createdAt } = row
  return {
    id,
    name,
    endpoint: { id: row.endpointId, name: row.endpointName },
    modelName: row.modelName,
    environment: row.environment,
    kind,
    target,
    thresholdMs,
    windowSeconds,
    policy: { name: row.policy.name, digest: row.policyDigest },
    state,
    severity: state === 'burning' ? (status?.severity ?? null) : null,
    because: status?.because ?? 'It was not evaluated yet.',
    status,
    evaluatedAt: row.statusAt,
    createdAt,
  }
}
