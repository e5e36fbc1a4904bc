import type { Action } from '#lib/access/actions.ts'
import { accessDecision, authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { readRequestSeries, type RequestPoint } from '#lib/telemetry/reads.ts'
import type { Decision } from './decision.ts'
import { replay } from './decide.ts'
import { can, resourceOf, WhatIfInput, type Can, type RolloutRow } from './model.ts'
import { parseRolloutPolicy, policyDigest, RolloutPolicyError, type RolloutPolicy } from './policy.ts'
import { selectNewestId, selectRollout, selectRollouts } from './queries.ts'
import { selectObservations } from './queries-observations.ts'
import { toDetail, toView, type ObservationRow, type RolloutDetail, type RolloutView, type StepView } from './views.ts'

const pointsMax = 500
const whatIfMax = 5_000

export async function listRollouts(
  ctx: Ctx,
  input: {
    limit?: number
    cursor?: string | undefined
    endpointId?: string | undefined
    modelId?: string | undefined
    /** Only those that have not ended, or only those that have. */
    active?: boolean | undefined
  } = {},
): Promise<Page<RolloutView>> {
  await authorizeRead(ctx, 'rollout:read')
  const { limit = 50, cursor, ...filter } = input
  const page = { workspaceId: ctx.workspaceId, before: decodeCursor(cursor), limit: limit + 1 }
  return pageOf((await selectRollouts(ctx.db, { ...filter, ...page })).map(toView), limit, (r) => r.id)
}

/** A rollout whole: steps, present decision, chain of times, plan with outcomes, watch, and what the caller may do. */
export async function readRollout(ctx: Ctx, id: string): Promise<RolloutDetail> {
  const row = await authorized(ctx, id)
  const superseded = row.state !== 'rolled-back' && (await selectNewestId(ctx.db, row.endpointId)) !== row.id
  const [hold, resume, promote, rollBack] = await Promise.all([
    allowed(ctx, row, 'rollout:hold', can.hold(row)),
    allowed(ctx, row, 'rollout:resume', can.resume(row)),
    allowed(ctx, row, 'rollout:promote', can.promote(row)),
    allowed(ctx, row, 'rollout:roll-back', can.rollBack({ state: row.state, superseded })),
  ])
  return toDetail(row, superseded, { hold, resume, promote, rollBack })
}

/** What was looked at and decided, newest first. */
export async function listObservations(
  ctx: Ctx,
  rolloutId: string,
  input: { limit?: number; cursor?: string | undefined } = {},
): Promise<Page<ObservationRow>> {
  await authorized(ctx, rolloutId)
  const limit = input.limit ?? 50
  const page = { rolloutId, before: decodeCursor(input.cursor), limit: limit + 1 }
  return pageOf(await selectObservations(ctx.db, page), limit, (o) => o.id)
}

export type RolloutSeries = {
  from: Date
  to: Date
  stepSeconds: number
  /** Requests, errors and latencies by version and step of time, oldest first. */
  requests: RequestPoint[]
  /** Proportions of the present traffic generation (errors, qualities) as they stood when looked at, oldest first. */
  proportions: {
    at: Date
    name: string
    generation: number
    stable: { n: number; k: number }
    candidate: { n: number; k: number }
  }[]
  /** When weights changed. */
  marks: StepView[]
}

/** Both sides over the time of the rollout, for charts: at most 500 points a side. */
export async function readRolloutSeries(ctx: Ctx, id: string): Promise<RolloutSeries> {
  const row = await authorized(ctx, id)
  const to = row.endedAt && row.state !== 'succeeded' ? row.endedAt : ctx.clock.now()
  const seconds = Math.max(10, (to.getTime() - row.createdAt.getTime()) / 1000)
  const stepSeconds = 10 * Math.ceil(seconds / 10 / pointsMax)
  const from = new Date(Math.floor(row.createdAt.getTime() / 10_000) * 10_000)
  const end = new Date(to.getTime() + 1)
  const filter = { endpointId: row.endpointId, from, to: end, stepSeconds }
  const [requests, observations] = await Promise.all([
    readRequestSeries(ctx, filter),
    selectObservations(ctx.db, { rolloutId: id, limit: pointsMax }),
  ])
  const proportions = observations
    .toReversed()
    .flatMap(({ at, observation }) =>
      observation.observation.metrics.flatMap((metric) =>
        metric.kind === 'proportion'
          ? [{ at, name: metric.name, generation: metric.trafficGeneration, ...sidesOf(metric) }]
          : [],
      ),
    )
  const marks = toDetail(row, false, denied).stepViews.filter(({ intendedAt }) => intendedAt !== null)
  return { from, to: end, stepSeconds, requests, proportions, marks }
}

export type WhatIf = {
  policyDigest: string
  /** How many stored observations were decided on again; the newest 5,000 at most. */
  looked: number
  differences: { observationId: string; at: Date; was: Verdict; would: Verdict }[]
}
type Verdict = { kind: Decision['kind']; because: string[] }

/**
 * Decides again on all that was observed, under another policy: what it would have decided, and when. A pure replay: it
 * says nothing of what would have been observed had the traffic moved otherwise.
 * @throws `invalid` with every mistake of the policy
 */
export async function whatIf(ctx: Ctx, input: WhatIfInput): Promise<WhatIf> {
  const { rolloutId, policy: text } = parseInput(WhatIfInput, input)
  await authorized(ctx, rolloutId)
  const policy = parsePolicy(text)
  const observations = await selectObservations(ctx.db, { rolloutId, limit: whatIfMax })
  const differences = observations.toReversed().flatMap((row) => {
    const [was, would] = [verdictOf(row.decision), verdictOf(replay(row.observation, policy))]
    return was.kind === would.kind ? [] : [{ observationId: row.id, at: row.at, was, would }]
  })
  return { policyDigest: policyDigest(policy), looked: observations.length, differences }
}

/** For incidents and others above: the row as it is. */
export function findRollout(db: Reader, id: string): Promise<RolloutRow | undefined> {
  return selectRollout(db, id)
}

const no: Can = { allowed: false, because: 'not asked' }
const denied = { hold: no, resume: no, promote: no, rollBack: no }

function parsePolicy(text: string): RolloutPolicy {
  try {
    return parseRolloutPolicy(text)
  } catch (error) {
    if (!(error instanceof RolloutPolicyError)) throw error
    const errors = error.problems.map((message) => ({ path: 'policy', message }))
    throw problem('invalid', `policy: ${error.problems.join('; ')}`, { errors }, { cause: error })
  }
}

function verdictOf({ kind, because }: Decision): Verdict {
  return { kind, because: because.map(({ message }) => message) }
}

function sidesOf<T>({ stable, candidate }: { stable: T; candidate: T }) {
  return { stable, candidate }
}

async function allowed(ctx: Ctx, row: RolloutRow, action: Action, state: Can): Promise<Can> {
  const access = await accessDecision(ctx, ctx.db, action, resourceOf(row))
  return access.allowed ? state : { allowed: false, because: access.because }
}

async function authorized(ctx: Ctx, id: string): Promise<RolloutRow> {
  const row = await selectRollout(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such rollout in this workspace.')
  await authorizeRead(ctx, 'rollout:read', resourceOf(row))
  return row
}
