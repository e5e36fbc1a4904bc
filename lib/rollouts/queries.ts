import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { Chain, PersonRequest, RolloutRow, StoredDecision, WatchState } from './model.ts'
import type { RolloutObservation, RolloutState } from './observation.ts'
import type { Decision } from './decision.ts'
import type { Plan } from './plan.ts'
import type { RolloutPolicy } from './policy.ts'

function rolloutQuery(db: Reader) {
  return db
    .selectFrom('rollout as r')
    .innerJoin('endpoint as p', 'p.id', 'r.endpoint_id')
    .innerJoin('model as m', 'm.id', 'r.model_id')
    .innerJoin('environment as e', 'e.id', 'r.environment_id')
    .innerJoin('model_version as f', 'f.id', 'r.from_version_id')
    .innerJoin('model_version as t', 't.id', 'r.to_version_id')
    .innerJoin('identity as i', 'i.id', 'r.requested_by')
    .selectAll('r')
    .select([
      'p.name as endpoint_name',
      'p.cluster',
      'm.name as model_name',
      'm.labels',
      'e.name as environment',
      'e.protected',
      'f.version as from_version',
      'f.digest as from_digest',
      'f.artifact_uri as from_uri',
      't.version as to_version',
      't.digest as to_digest',
      't.artifact_uri as to_uri',
      'i.issuer',
      'i.subject',
      'i.name as requester',
    ])
}

type Raw = Awaited<ReturnType<ReturnType<typeof rolloutQuery>['execute']>>[number]

function toRow(r: Raw): RolloutRow {
  return {
    id: r.id,
    workspaceId: r.workspace_id,
    endpointId: r.endpoint_id,
    endpointName: r.endpoint_name,
    cluster: r.cluster,
    modelId: r.model_id,
    modelName: r.model_name,
    labels: r.labels,
    environmentId: r.environment_id,
    environment: r.environment,
    protected: r.protected,
    from: { versionId: r.from_version_id, version: r.from_version, digest: r.from_digest, artifactUri: r.from_uri },
    to: { versionId: r.to_version_id, version: r.to_version, digest: r.to_digest, artifactUri: r.to_uri },
    approvalId: r.approval_id,
    policyName: r.policy_name,
    policyDigest: r.policy_digest,
    policy: r.policy as RolloutPolicy,
    state: r.state,
    step: r.step,
    weight: r.weight,
    stepGeneration: r.step_generation,
    stepStartedAt: r.step_started_at,
    decision: r.decision as StoredDecision | null,
    request: r.request as PersonRequest | null,
    heldBecause: r.held_because,
    plan: r.plan as Plan | null,
    planStep: r.plan_step,
    chain: r.chain as Chain,
    watch: r.watch as WatchState | null,
    rollbackBy: r.rollback_by,
    requestedBy: { id: r.requested_by, issuer: r.issuer, subject: r.subject, name: r.requester },
    createdAt: r.created_at,
    endedAt: r.ended_at,
    fence: r.fence,
  }
}

export async function selectRollout(db: Reader, id: string): Promise<RolloutRow | undefined> {
  const raw = await rolloutQuery(db).where('r.id', '=', id).executeTakeFirst()
  return raw && toRow(raw)
}

export async function lockRollout(tx: Tx, id: string): Promise<RolloutRow | undefined> {
  const raw = await rolloutQuery(tx).where('r.id', '=', id).forUpdate('r').executeTakeFirst()
  return raw && toRow(raw)
}

export async function selectFence(db: Reader, id: string): Promise<bigint | undefined> {
  return (await db.selectFrom('rollout').select('fence').where('id', '=', id).executeTakeFirst())?.fence
}

export type RolloutFilter = {
  workspaceId: string
  before: string | undefined
  limit: number
  endpointId?: string | undefined
  modelId?: string | undefined
  active?: boolean | undefined
}

export async function selectRollouts(db: Reader, filter: RolloutFilter): Promise<RolloutRow[]> {
  let query = rolloutQuery(db).where('r.workspace_id', '=', filter.workspaceId)
  if (filter.before !== undefined) query = query.where('r.id', '<', filter.before)
  if (filter.endpointId !== undefined) query = query.where('r.endpoint_id', '=', filter.endpointId)
  if (filter.modelId !== undefined) query = query.where('r.model_id', '=', filter.modelId)
  if (filter.active !== undefined) query = query.where('r.ended_at', filter.active ? 'is' : 'is not', null)
  return (await query.orderBy('r.id', 'desc').limit(filter.limit).execute()).map(toRow)
}

/** The endpoints of rollouts, in the order of the endpoints' ids. */
export async function selectEndpointIds(db: Reader, ids: readonly string[]) {
  if (ids.length === 0) return []
  const query = db.selectFrom('rollout').select(['id', 'endpoint_id as endpointId']).where('id', 'in', ids)
  return query.orderBy('endpoint_id').orderBy('id').execute()
}

/**
 * The newest rollout of an endpoint that was not taken back: the one whose versions serve there, and the only one that may
 * be taken back.
 */
export async function selectNewestId(db: Reader, endpointId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('rollout')
    .select('id')
    .where('endpoint_id', '=', endpointId)
    .where('state', '<>', 'rolled-back')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

/** Makes the endpoint's promoted rollouts due, so that the one whose version serves now goes on watching. */
export async function wakeWatches(tx: Tx, endpointId: string, now: Date): Promise<void> {
  const promoted = tx.updateTable('rollout').set({ due_at: now }).where('endpoint_id', '=', endpointId)
  await promoted.where('state', '=', 'succeeded').execute()
}

export type RollbackHistory = { autoRollbacksOfVersion: number; lastRollbackAt: number | null }

/** Rollbacks at an endpoint: those of this version that a machine decided, and when the last one of any was decided. */
export async function selectHistory(db: Reader, endpointId: string, versionId: string): Promise<RollbackHistory> {
  const row = await db
    .selectFrom('rollout')
    .select([
      sql<bigint>`count(*) filter (where rollback_by = 'machine' and to_version_id = ${versionId})`.as('machine'),
      sql<Date | null>`max(rollback_at)`.as('last'),
    ])
    .where('endpoint_id', '=', endpointId)
    .executeTakeFirstOrThrow()
  return { autoRollbacksOfVersion: Number(row.machine), lastRollbackAt: row.last?.getTime() ?? null }
}

export type NewRollout = Pick<RolloutRow, 'id' | 'workspaceId' | 'endpointId' | 'modelId' | 'environmentId'> &
  Pick<RolloutRow, 'approvalId' | 'policyName' | 'policyDigest' | 'policy' | 'chain'> & {
    fromVersionId: string
    toVersionId: string
    requestedBy: string
    now: Date
  }

/** False when a rollout that has not ended exists at the endpoint. */
export async function insertRollout(tx: Tx, r: NewRollout): Promise<boolean> {
  const result = await tx
    .insertInto('rollout')
    .values({
      id: r.id,
      workspace_id: r.workspaceId,
      endpoint_id: r.endpointId,
      model_id: r.modelId,
      environment_id: r.environmentId,
      from_version_id: r.fromVersionId,
      to_version_id: r.toVersionId,
      approval_id: r.approvalId,
      policy_name: r.policyName,
      policy_digest: r.policyDigest,
      policy: json(r.policy),
      state: 'pending',
      step: -1,
      weight: 0,
      step_generation: null,
      step_started_at: null,
      decision: json(null),
      held_because: null,
      chain: json(r.chain),
      rollback_at: null,
      rollback_by: null,
      requested_by: r.requestedBy,
      created_at: r.now,
      ended_at: null,
      due_at: r.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.column('endpoint_id').where('ended_at', 'is', null).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** What a governed write may change of a rollout. Absent keys stay as they are. */
export type RolloutChange = Partial<{
  state: RolloutState
  step: number
  weight: number
  stepGeneration: number | null
  stepStartedAt: Date | null
  request: PersonRequest | null
  heldBecause: string | null
  plan: Plan
  planStep: number
  chain: Chain
  watch: WatchState | null
  rollback: { at: Date; by: 'person' | 'machine' }
  endedAt: Date | null
}>

/**
 * Changes a rollout that is as it was read: same state, plan step and fencing number. False when somebody else was there
 * meanwhile. `dispossess` takes it away from the worker that holds it and makes it due, for a person's verbs.
 */
export async function updateRollout(
  tx: Tx,
  was: Pick<RolloutRow, 'id' | 'state' | 'planStep' | 'step' | 'fence'>,
  change: RolloutChange,
  dispossess?: { now: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('rollout')
    .set({ ...columnsOf(change), ...(dispossess ? freed(dispossess.now) : {}) })
    .where('id', '=', was.id)
    .where('fence', '=', was.fence)
    .where('state', '=', was.state)
    .where('plan_step', '=', was.planStep)
    .where('step', '=', was.step)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

function freed(now: Date) {
  return { fence: sql<bigint>`fence + 1`, lease_until: null, lease_holder: null, due_at: now, attempts: 0 }
}

function columnsOf(c: RolloutChange) {
  return {
    ...(c.state === undefined ? {} : { state: c.state }),
    ...(c.step === undefined ? {} : { step: c.step }),
    ...(c.weight === undefined ? {} : { weight: c.weight }),
    ...(c.stepGeneration === undefined ? {} : { step_generation: c.stepGeneration }),
    ...(c.stepStartedAt === undefined ? {} : { step_started_at: c.stepStartedAt }),
    ...(c.request === undefined ? {} : { request: c.request && json(c.request) }),
    ...(c.heldBecause === undefined ? {} : { held_because: c.heldBecause }),
    ...(c.plan === undefined ? {} : { plan: json(c.plan) }),
    ...(c.planStep === undefined ? {} : { plan_step: c.planStep }),
    ...(c.chain === undefined ? {} : { chain: json(c.chain) }),
    ...(c.watch === undefined ? {} : { watch: c.watch && json(c.watch) }),
    ...(c.rollback === undefined ? {} : { rollback_at: c.rollback.at, rollback_by: c.rollback.by }),
    ...(c.endedAt === undefined ? {} : { ended_at: c.endedAt }),
  }
}

/** What was looked at and decided, kept for replay, and shown as the present decision. False when the claim was lost. */
export async function insertObservation(
  tx: Tx,
  was: Pick<RolloutRow, 'id' | 'fence' | 'policyDigest'>,
  row: { id: string; at: Date; observation: RolloutObservation; decision: Decision },
): Promise<boolean> {
  const stored: StoredDecision = { decision: row.decision, at: row.at.getTime() }
  const result = await tx
    .updateTable('rollout')
    .set({ decision: json(stored) })
    .where('id', '=', was.id)
    .where('fence', '=', was.fence)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) return false
  await tx
    .insertInto('rollout_observation')
    .values({
      id: row.id,
      rollout_id: was.id,
      at: row.at,
      policy_digest: was.policyDigest,
      observation: json({ observation: row.observation, now: row.at.getTime() }),
      decision: json(row.decision),
    })
    .execute()
  return true
}

/** The state of the watch, as housekeeping: it decides nothing by itself. False when the claim was lost. */
export async function updateWatch(tx: Tx, was: Pick<RolloutRow, 'id' | 'fence'>, watch: WatchState): Promise<boolean> {
  const result = await tx
    .updateTable('rollout')
    .set({ watch: json(watch) })
    .where('id', '=', was.id)
    .where('fence', '=', was.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
