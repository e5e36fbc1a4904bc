import { sql } from 'kysely'
import type { Claim } from '#lib/platform/claim.ts'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { Weight } from '#lib/platform/ports/traffic.ts'
import type { EndpointState, Observed, Template } from './model.ts'

function endpointQuery(db: Reader) {
  return db
    .selectFrom('endpoint as p')
    .innerJoin('model as m', 'm.id', 'p.model_id')
    .innerJoin('environment as e', 'e.id', 'p.environment_id')
    .leftJoin('model_version as s', 's.id', 'p.stable_version_id')
    .leftJoin('model_version as c', 'c.id', 'p.candidate_version_id')
    .select([
      'p.id',
      'p.workspace_id as workspaceId',
      'p.name',
      'p.model_id as modelId',
      'm.name as modelName',
      'm.labels',
      'p.environment_id as environmentId',
      'e.name as environment',
      'e.protected',
      'p.cluster',
      'p.template',
      'p.rollout_policy as rolloutPolicy',
      'p.state',
      'p.because',
      'p.stable_version_id as stableVersionId',
      's.version as stableVersion',
      'p.candidate_version_id as candidateVersionId',
      'c.version as candidateVersion',
      'p.intended_weights as intendedWeights',
      'p.traffic_fence as trafficFence',
      'p.observed',
      'p.observed_at as observedAt',
      'p.created_at as createdAt',
    ])
}

type RawRow = Awaited<ReturnType<ReturnType<typeof endpointQuery>['execute']>>[number]
export type EndpointRow = Omit<RawRow, 'template' | 'observed'> & { template: Template; observed: Observed | null }

function toRow(raw: RawRow): EndpointRow {
  return { ...raw, template: raw.template as Template, observed: raw.observed as Observed | null }
}

export async function selectEndpoint(db: Reader, id: string): Promise<EndpointRow | undefined> {
  const raw = await endpointQuery(db).where('p.id', '=', id).executeTakeFirst()
  return raw && toRow(raw)
}

export async function lockEndpoint(tx: Tx, id: string): Promise<EndpointRow | undefined> {
  const raw = await endpointQuery(tx).where('p.id', '=', id).forUpdate('p').executeTakeFirst()
  return raw && toRow(raw)
}

/** All endpoints of a workspace, locked, in one order for everybody. */
export function lockEndpointsOf(tx: Tx, workspaceId: string): Promise<{ id: string; name: string }[]> {
  return tx
    .selectFrom('endpoint')
    .select(['id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .forUpdate()
    .execute()
}

export async function selectEndpoints(
  db: Reader,
  filter: { workspaceId: string; before: string | undefined; limit: number; modelId?: string | undefined },
): Promise<EndpointRow[]> {
  let query = endpointQuery(db).where('p.workspace_id', '=', filter.workspaceId)
  if (filter.before) query = query.where('p.id', '<', filter.before)
  if (filter.modelId) query = query.where('p.model_id', '=', filter.modelId)
  return (await query.orderBy('p.id', 'desc').limit(filter.limit).execute()).map(toRow)
}

export type NewEndpoint = {
  id: string
  workspaceId: string
  modelId: string
  environmentId: string
  name: string
  cluster: string
  template: Template
  rolloutPolicy: string
  createdBy: string
  now: Date
}

/** False when the workspace has an endpoint of that name. */
export async function insertEndpoint(tx: Tx, e: NewEndpoint): Promise<boolean> {
  const result = await tx
    .insertInto('endpoint')
    .values({
      id: e.id,
      workspace_id: e.workspaceId,
      model_id: e.modelId,
      environment_id: e.environmentId,
      name: e.name,
      cluster: e.cluster,
      template: json(e.template),
      rollout_policy: e.rolloutPolicy,
      stable_version_id: null,
      candidate_version_id: null,
      intended_weights: json([]),
      observed_at: null,
      state: 'empty',
      because: 'No version was deployed yet.',
      created_at: e.now,
      created_by: e.createdBy,
      due_at: e.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.columns(['workspace_id', 'name']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export type Intent = {
  stableVersionId: string | null
  candidateVersionId: string | null
  weights: Weight[]
  state: EndpointState
  because: string
}

/** Writes what is intended. The caller holds the row's lock. */
export async function updateIntent(tx: Tx, id: string, intent: Intent, now: Date): Promise<void> {
  await tx
    .updateTable('endpoint')
    .set({
      stable_version_id: intent.stableVersionId,
      candidate_version_id: intent.candidateVersionId,
      intended_weights: json(intent.weights),
      state: intent.state,
      because: intent.because,
      due_at: now,
    })
    .where('id', '=', id)
    .execute()
}

/** The state that was decided from an observation; false when the claim was lost. */
export async function updateState(tx: Tx, claim: Claim, state: EndpointState, because: string): Promise<boolean> {
  const result = await tx
    .updateTable('endpoint')
    .set({ state, because })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** What was read back, and when; false when the claim was lost. */
export async function updateObserved(tx: Tx, claim: Claim, observed: Observed, at: Date): Promise<boolean> {
  const result = await tx
    .updateTable('endpoint')
    .set({ observed: json(observed), observed_at: at })
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The next outside fencing number of an endpoint: every write that carries an earlier one is refused from now on. */
export async function nextTrafficFence(tx: Tx, endpointId: string): Promise<number> {
  const row = await tx
    .updateTable('endpoint')
    .set({ traffic_fence: sql<bigint>`traffic_fence + 1` })
    .where('id', '=', endpointId)
    .returning('traffic_fence')
    .executeTakeFirstOrThrow()
  return Number(row.traffic_fence)
}

/** Whether a rollout that has not ended owns the endpoint's traffic now. */
export async function hasActiveRollout(db: Reader, endpointId: string): Promise<boolean> {
  const row = await db
    .selectFrom('rollout')
    .select('id')
    .where('endpoint_id', '=', endpointId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}
