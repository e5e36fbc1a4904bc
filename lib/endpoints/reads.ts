import { authorizeRead } from '#lib/access/authorize.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import type { EndpointView } from './model.ts'
import {
  lockEndpoint,
  selectEndpoint,
  selectEndpoints,
  updateIntent,
  type EndpointRow,
  type Intent,
} from './queries.ts'

export type { EndpointRow } from './queries.ts'

export async function listEndpoints(
  ctx: Ctx,
  input: { limit?: number; cursor?: string | undefined; modelId?: string | undefined } = {},
): Promise<Page<EndpointView>> {
  await authorizeRead(ctx, 'endpoint:read')
  const limit = input.limit ?? 50
  const rows = await selectEndpoints(ctx.db, {
    workspaceId: ctx.workspaceId,
    before: decodeCursor(input.cursor),
    limit: limit + 1,
    modelId: input.modelId,
  })
  return pageOf(rows.map(toView), limit, (e) => e.id)
}

/** An endpoint, intended and observed side by side. */
export async function readEndpoint(ctx: Ctx, id: string): Promise<EndpointView> {
  const row = await selectEndpoint(ctx.db, id)
  if (row?.workspaceId !== ctx.workspaceId) throw problem('not-found', 'There is no such endpoint in this workspace.')
  await authorizeRead(ctx, 'endpoint:read', {
    kind: 'endpoint',
    id,
    workspaceId: row.workspaceId,
    environment: row.environment,
    labels: row.labels,
  })
  return toView(row)
}

/** For rollouts and others above: the row as it is. */
export function findEndpoint(db: Reader, id: string): Promise<EndpointRow | undefined> {
  return selectEndpoint(db, id)
}

/** For a rollout's verbs, in their transaction: the row, locked. */
export function holdEndpoint(tx: Tx, id: string): Promise<EndpointRow | undefined> {
  return lockEndpoint(tx, id)
}

/** For a rollout's verbs, in the transaction that holds the endpoint: what is intended from now on. */
export function intend(tx: Tx, id: string, intent: Intent, now: Date): Promise<void> {
  return updateIntent(tx, id, intent, now)
}

function toView(row: EndpointRow): EndpointView {
  return {
    id: row.id,
    name: row.name,
    modelId: row.modelId,
    modelName: row.modelName,
    environment: { id: row.environmentId, name: row.environment, protected: row.protected },
    cluster: row.cluster,
    rolloutPolicy: row.rolloutPolicy,
    state: row.state,
    because: row.because,
    stable: row.stableVersionId === null ? null : { versionId: row.stableVersionId, version: row.stableVersion ?? '' },
    candidate:
      row.candidateVersionId === null
        ? null
        : { versionId: row.candidateVersionId, version: row.candidateVersion ?? '' },
    intended: row.intendedWeights,
    observed: row.observed,
    observedAt: row.observedAt,
    createdAt: row.createdAt,
  }
}
