import type { ApprovalView } from '#lib/approvals/model.ts'
import type { EndpointView } from '#lib/endpoints/model.ts'
import type { ModelView, ServingView } from '#lib/models/model.ts'
import type { NewestVersion } from '#lib/models/reads.ts'

export const modelStates = ['canary', 'serving', 'review', 'draft'] as const
export type ModelState = (typeof modelStates)[number]

/** One line of the list: a model with what is known of it from the other domains. */
export type ModelLine = {
  model: ModelView
  state: ModelState
  newest: NewestVersion | null
  serving: ServingView[]
  lastApproval: ApprovalView | null
}

export type Known = {
  newest: readonly NewestVersion[]
  serving: readonly ServingView[]
  endpoints: readonly EndpointView[]
  /** Newest first. */
  approvals: readonly ApprovalView[]
}

/** A model's line; its state is the most advanced thing that happens to it: a rollout, service, a request, or nothing. */
export function lineOf(model: ModelView, known: Known): ModelLine {
  const serving = known.serving.filter((s) => s.modelId === model.id)
  const approvals = known.approvals.filter((a) => a.subject.model.id === model.id)
  const canary = known.endpoints.some((e) => e.modelId === model.id && e.candidate !== null)
  const inReview = approvals.some((a) => a.state === 'open')
  return {
    model,
    state: canary ? 'canary' : serving.length > 0 ? 'serving' : inReview ? 'review' : 'draft',
    newest: known.newest.find((v) => v.modelId === model.id) ?? null,
    serving,
    lastApproval: approvals.find((a) => a.state === 'approved') ?? null,
  }
}

export const modelSorts = ['name', 'state', 'newest', 'approval'] as const
type Direction = 'ascending' | 'descending'

/** Sorts lines; what has no value of a column stands last in both directions, and names decide between equals. */
export function sortLines(lines: readonly ModelLine[], sort: { by: string; direction: Direction }): ModelLine[] {
  const sign = sort.direction === 'ascending' ? 1 : -1
  return lines.toSorted((a, b) => {
    const [x, y] = [valueOf(a, sort.by), valueOf(b, sort.by)]
    if (x === null || y === null) return Number(x === null) - Number(y === null) || byName(a, b)
    return sign * (typeof x === 'number' ? x - Number(y) : x.localeCompare(String(y), 'en')) || byName(a, b)
  })
}

function valueOf(line: ModelLine, by: string): number | string | null {
  if (by === 'state') return modelStates.indexOf(line.state)
  if (by === 'newest') return line.newest?.createdAt.getTime() ?? null
  if (by === 'approval') return line.lastApproval?.decidedAt?.getTime() ?? null
  return line.model.name
}

function byName(a: ModelLine, b: ModelLine): number {
  return a.model.name.localeCompare(b.model.name, 'en')
}
