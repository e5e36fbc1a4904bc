import type { Reader, Tx } from '#lib/platform/db/schema.ts'

function glassQuery(db: Reader) {
  return db
    .selectFrom('break_glass as g')
    .innerJoin('identity as u', 'u.id', 'g.used_by')
    .innerJoin('model_version as v', 'v.id', 'g.version_id')
    .innerJoin('model as m', 'm.id', 'v.model_id')
    .innerJoin('environment as e', 'e.id', 'g.environment_id')
    .leftJoin('identity as r', 'r.id', 'g.reviewed_by')
    .select([
      'g.id',
      'g.workspace_id as workspaceId',
      'g.version_id as versionId',
      'g.environment_id as environmentId',
      'g.version_digest as versionDigest',
      'g.policy_name as policyName',
      'g.policy_digest as policyDigest',
      'g.incident_id as incidentId',
      'g.reason',
      'g.used_by as usedById',
      'u.name as usedByName',
      'g.at',
      'g.expires_at as expiresAt',
      'g.review_due_at as reviewDueAt',
      'g.reviewed_at as reviewedAt',
      'g.reviewed_by as reviewedById',
      'r.name as reviewedByName',
      'g.verdict',
      'g.review',
      'v.version',
      'm.name as modelName',
      'm.labels',
      'e.name as environment',
    ])
}

export type GlassRow = Awaited<ReturnType<ReturnType<typeof glassQuery>['execute']>>[number]

/** The one that lets this version serve there now: not over, and nobody has objected to it. */
export async function selectLiveGlass(
  db: Reader,
  of: { versionId: string; environmentId: string; digest: string; now: Date },
): Promise<{ id: string; expiresAt: Date; usedBy: string } | undefined> {
  const row = await glassQuery(db)
    .where('g.version_id', '=', of.versionId)
    .where('g.environment_id', '=', of.environmentId)
    .where('g.version_digest', '=', of.digest)
    .where('g.at', '<=', of.now)
    .where('g.expires_at', '>', of.now)
    .where((w) => w.or([w('g.verdict', 'is', null), w('g.verdict', '=', 'accepted')]))
    .orderBy('g.at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { id: row.id, expiresAt: row.expiresAt, usedBy: row.usedByName }
}

/** Any that let this version serve there at some time and was not objected to. */
export function selectGlassFor(db: Reader, of: { versionId: string; environmentId: string; digest: string }) {
  return glassQuery(db)
    .where('g.version_id', '=', of.versionId)
    .where('g.environment_id', '=', of.environmentId)
    .where('g.version_digest', '=', of.digest)
    .where((w) => w.or([w('g.verdict', 'is', null), w('g.verdict', '=', 'accepted')]))
    .orderBy('g.at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

export function selectGlass(db: Reader, id: string): Promise<GlassRow | undefined> {
  return glassQuery(db).where('g.id', '=', id).executeTakeFirst()
}

export function lockGlass(tx: Tx, id: string): Promise<GlassRow | undefined> {
  return glassQuery(tx).where('g.id', '=', id).forUpdate('g').executeTakeFirst()
}

export function selectGlasses(
  db: Reader,
  filter: {
    workspaceId: string
    before: string | undefined
    limit: number
    versionId?: string | undefined
    environmentId?: string | undefined
    unreviewed?: boolean | undefined
  },
): Promise<GlassRow[]> {
  let query = glassQuery(db).where('g.workspace_id', '=', filter.workspaceId)
  if (filter.before) query = query.where('g.id', '<', filter.before)
  if (filter.versionId) query = query.where('g.version_id', '=', filter.versionId)
  if (filter.environmentId) query = query.where('g.environment_id', '=', filter.environmentId)
  if (filter.unreviewed) query = query.where('g.reviewed_at', 'is', null)
  return query.orderBy('g.id', 'desc').limit(filter.limit).execute()
}

/** The use there that nobody has reviewed yet. */
export function selectUnreviewed(
  db: Reader,
  of: { workspaceId: string; environmentId: string },
): Promise<GlassRow | undefined> {
  return glassQuery(db)
    .where('g.workspace_id', '=', of.workspaceId)
    .where('g.environment_id', '=', of.environmentId)
    .where('g.reviewed_at', 'is', null)
    .executeTakeFirst()
}

/** `unreviewed`: another use there awaits its review. `no-incident`: there is no such incident in the workspace. */
export async function insertGlass(
  tx: Tx,
  row: {
    id: string
    workspaceId: string
    versionId: string
    environmentId: string
    versionDigest: string
    policyName: string
    policyDigest: string
    incidentId: string | null
    reason: string
    usedBy: string
    at: Date
    expiresAt: Date
    reviewDueAt: Date
  },
): Promise<'made' | 'unreviewed' | 'no-incident'> {
  if (row.incidentId !== null && !(await isIncident(tx, row.workspaceId, row.incidentId))) return 'no-incident'
  const result = await tx
    .insertInto('break_glass')
    .values({
      id: row.id,
      workspace_id: row.workspaceId,
      version_id: row.versionId,
      environment_id: row.environmentId,
      version_digest: row.versionDigest,
      policy_name: row.policyName,
      policy_digest: row.policyDigest,
      incident_id: row.incidentId,
      reason: row.reason,
      used_by: row.usedBy,
      at: row.at,
      expires_at: row.expiresAt,
      review_due_at: row.reviewDueAt,
      reviewed_at: null,
      reviewed_by: null,
      verdict: null,
      review: null,
      overdue_told_at: null,
    })
    .onConflict((c) => c.columns(['workspace_id', 'environment_id']).where('reviewed_at', 'is', null).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n ? 'made' : 'unreviewed'
}

// The foreign key of break_glass asks the same; here it is asked first, for an answer in words.
async function isIncident(tx: Tx, workspaceId: string, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('incident')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '<>', 'resolved')
    .executeTakeFirst()
  return row !== undefined
}

/** False when it was reviewed meanwhile. */
export async function updateReview(
  tx: Tx,
  id: string,
  review: { by: string; verdict: 'accepted' | 'objected'; review: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('break_glass')
    .set({ reviewed_at: review.now, reviewed_by: review.by, verdict: review.verdict, review: review.review })
    .where('id', '=', id)
    .where('reviewed_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Uses whose review is overdue and about which nobody was told yet. */
export function selectOverdueReviews(db: Reader, now: Date, limit: number) {
  return db
    .selectFrom('break_glass')
    .select(['id', 'workspace_id as workspaceId'])
    .where('reviewed_at', 'is', null)
    .where('overdue_told_at', 'is', null)
    .where('review_due_at', '<=', now)
    .orderBy('review_due_at')
    .limit(limit)
    .execute()
}

/** False when it was told already or reviewed. */
export async function markOverdueTold(tx: Tx, id: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('break_glass')
    .set({ overdue_told_at: now })
    .where('id', '=', id)
    .where('overdue_told_at', 'is', null)
    .where('reviewed_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
