import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { ApprovalState, ApprovalSubject, SubjectEvidence } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'

const columns = [
  'a.id',
  'a.workspace_id as workspaceId',
  'a.model_id as modelId',
  'a.version_id as versionId',
  'a.environment_id as environmentId',
  'a.revision',
  'a.revision_digest as revisionDigest',
  'a.subject',
  'a.policy_name as policyName',
  'a.policy_digest as policyDigest',
  'a.policy',
  'a.state',
  'a.because',
  'a.requested_by as requestedById',
  'a.requested_at as requestedAt',
  'a.decided_at as decidedAt',
  'a.approved_at as approvedAt',
  'a.expires_at as expiresAt',
  'i.name as requestedByName',
  'i.issuer as requesterIssuer',
  'i.subject as requesterSubject',
  'm.labels',
  'm.risk',
  'e.name as environment',
  'e.protected',
  'v.created_by as versionAuthorId',
  'v.run_owner as runOwnerId',
] as const

function approvalQuery(db: Reader) {
  return db
    .selectFrom('approval as a')
    .innerJoin('identity as i', 'i.id', 'a.requested_by')
    .innerJoin('model as m', 'm.id', 'a.model_id')
    .innerJoin('environment as e', 'e.id', 'a.environment_id')
    .innerJoin('model_version as v', 'v.id', 'a.version_id')
    .select(columns)
}

type RawRow = Awaited<ReturnType<ReturnType<typeof approvalQuery>['execute']>>[number]
export type ApprovalRow = Omit<RawRow, 'subject' | 'policy'> & { subject: ApprovalSubject; policy: ApprovalPolicy }

function toRow(raw: RawRow): ApprovalRow {
  const subject = raw.subject as ApprovalSubject
  const evidence = subject.evidence.map((e) => withOrigin(e, raw))
  return { ...raw, subject: { ...subject, evidence }, policy: raw.policy as ApprovalPolicy }
}

// Requests from before evidence had a life of its own bound the metrics that came with the version, and no more.
function withOrigin(
  e: SubjectEvidence | Pick<SubjectEvidence, 'kind' | 'digest' | 'metrics'>,
  raw: RawRow,
): SubjectEvidence {
  if ('content' in e) return e
  const at = raw.requestedAt.toISOString()
  const content = { metrics: e.metrics }
  return { ...e, content, producerId: raw.versionAuthorId, producer: '', at, statementDigest: null }
}

export async function selectApproval(db: Reader, id: string): Promise<ApprovalRow | undefined> {
  const raw = await approvalQuery(db).where('a.id', '=', id).executeTakeFirst()
  return raw && toRow(raw)
}

/** Locks the request alone: its joins are read only. */
export async function lockApproval(tx: Tx, id: string): Promise<ApprovalRow | undefined> {
  const raw = await approvalQuery(tx).where('a.id', '=', id).forUpdate('a').executeTakeFirst()
  return raw && toRow(raw)
}

/** The newest request for a version in an environment; with `share` it cannot be revoked until the transaction ends. */
export async function selectNewest(
  db: Reader,
  filter: { versionId: string; environmentId: string; share: boolean },
): Promise<ApprovalRow | undefined> {
  const query = approvalQuery(db)
    .where('a.version_id', '=', filter.versionId)
    .where('a.environment_id', '=', filter.environmentId)
    .orderBy('a.revision', 'desc')
    .limit(1)
  const raw = await (filter.share ? query.forShare('a') : query).executeTakeFirst()
  return raw && toRow(raw)
}

/** One revision of the request for a version in an environment. */
export async function selectRevision(
  db: Reader,
  of: { versionId: string; environmentId: string; revision: number },
): Promise<ApprovalRow | undefined> {
  const raw = await approvalQuery(db)
    .where('a.version_id', '=', of.versionId)
    .where('a.environment_id', '=', of.environmentId)
    .where('a.revision', '=', of.revision)
    .executeTakeFirst()
  return raw && toRow(raw)
}

/** The newest request that was approved, whatever became of it since: what a rollback may go back to. */
export async function selectLastApproved(
  db: Reader,
  filter: { versionId: string; environmentId: string; share: boolean },
): Promise<ApprovalRow | undefined> {
  const query = approvalQuery(db)
    .where('a.version_id', '=', filter.versionId)
    .where('a.environment_id', '=', filter.environmentId)
    .where('a.approved_at', 'is not', null)
    .orderBy('a.revision', 'desc')
    .limit(1)
  const raw = await (filter.share ? query.forShare('a') : query).executeTakeFirst()
  return raw && toRow(raw)
}

/** Was a request with exactly this content rejected, at any time? */
export async function wasRevisionRejected(
  db: Reader,
  of: { versionId: string; environmentId: string; revisionDigest: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('approval')
    .select('id')
    .where('version_id', '=', of.versionId)
    .where('environment_id', '=', of.environmentId)
    .where('revision_digest', '=', of.revisionDigest)
    .where('state', '=', 'rejected')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function selectApprovals(
  db: Reader,
  filter: {
    workspaceId: string
    before: string | undefined
    limit: number
    state?: ApprovalState | undefined
    /** Only those that are no longer open. */
    decided?: boolean | undefined
    versionId?: string | undefined
  },
): Promise<ApprovalRow[]> {
  let query = approvalQuery(db).where('a.workspace_id', '=', filter.workspaceId)
  if (filter.before) query = query.where('a.id', '<', filter.before)
  if (filter.state) query = query.where('a.state', '=', filter.state)
  if (filter.decided) query = query.where('a.state', '<>', 'open')
  if (filter.versionId) query = query.where('a.version_id', '=', filter.versionId)
  return (await query.orderBy('a.id', 'desc').limit(filter.limit).execute()).map(toRow)
}

export type NewApproval = {
  id: string
  workspaceId: string
  subject: ApprovalSubject
  revision: number
  revisionDigest: string
  policy: ApprovalPolicy
  policyDigest: string
  because: string
  requestedBy: string
  now: Date
  expiresAt: Date
}

// In words and not as parameters: a prepared statement finds the partial index by them.
const live = sql<boolean>`state in ('open', 'approved')`

/** False when an open or approved request for that version and environment exists. */
export async function insertApproval(tx: Tx, a: NewApproval): Promise<boolean> {
  const result = await tx
    .insertInto('approval')
    .values({
      id: a.id,
      workspace_id: a.workspaceId,
      model_id: a.subject.model.id,
      version_id: a.subject.version.id,
      environment_id: a.subject.environment.id,
      revision: a.revision,
      revision_digest: a.revisionDigest,
      subject: json(a.subject),
      policy_name: a.policy.name,
      policy_digest: a.policyDigest,
      policy: json(a.policy),
      state: 'open',
      because: a.because,
      requested_by: a.requestedBy,
      requested_at: a.now,
      decided_at: null,
      approved_at: null,
      expires_at: a.expiresAt,
    })
    .onConflict((c) => c.columns(['version_id', 'environment_id']).where(live).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** A conditional transition: false when the state is no longer the expected one. */
export async function moveApproval(
  tx: Tx,
  id: string,
  move: { from: ApprovalState; to: ApprovalState; because: string; now: Date; expiresAt?: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('approval')
    .set({
      state: move.to,
      because: move.because,
      decided_at: move.now,
      ...(move.to === 'approved' ? { approved_at: move.now } : {}),
      ...(move.expiresAt ? { expires_at: move.expiresAt } : {}),
    })
    .where('id', '=', id)
    .where('state', '=', move.from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Requests whose time has run out: open ones too old, approvals past their time. */
export function selectOverdue(db: Reader, now: Date, limit: number) {
  return db
    .selectFrom('approval')
    .select(['id', 'workspace_id as workspaceId', 'state'])
    .where('state', 'in', ['open', 'approved'])
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute()
}

/** Requests that wait for votes, those that have waited longest first. */
export async function selectOpenIds(db: Reader, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('approval')
    .select('id')
    .where('state', '=', 'open')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((r) => r.id)
}
