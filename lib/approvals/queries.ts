import { sql } from 'kysely'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { CountedVote } from './decide.ts'
import type { ApprovalState, ApprovalSubject } from './model.ts'
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
  'a.expires_at as expiresAt',
  'i.name as requestedByName',
  'm.labels',
  'e.name as environment',
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
  return { ...raw, subject: raw.subject as ApprovalSubject, policy: raw.policy as ApprovalPolicy }
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
      expires_at: a.expiresAt,
    })
    .onConflict((c) =>
      c.columns(['version_id', 'environment_id']).where('state', 'in', ['open', 'approved']).doNothing(),
    )
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
      ...(move.expiresAt ? { expires_at: move.expiresAt } : {}),
    })
    .where('id', '=', id)
    .where('state', '=', move.from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** False when this person has voted on this revision already. */
export async function insertVote(
  tx: Tx,
  vote: {
    id: string
    approvalId: string
    revision: number
    identityId: string
    role: string
    decision: 'approve' | 'reject'
    reason: string
    revisionDigest: string
    at: Date
  },
): Promise<boolean> {
  const { approvalId, identityId, revisionDigest, ...rest } = vote
  const result = await tx
    .insertInto('approval_vote')
    .values({ ...rest, approval_id: approvalId, identity_id: identityId, revision_digest: revisionDigest })
    .onConflict((c) => c.columns(['approval_id', 'revision', 'identity_id']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export type VoteRow = CountedVote & { id: string; name: string; reason: string; at: Date }

/**
 * The votes on a revision, each with the roles that its voter holds now and that reach this environment and model. In a
 * transaction with `lock` those role bindings are locked, so none can be taken away before the count is committed.
 */
export async function selectVotes(
  db: Reader,
  approval: Pick<ApprovalRow, 'id' | 'revision' | 'workspaceId' | 'environment' | 'labels'>,
  lock: boolean,
): Promise<VoteRow[]> {
  const votes = await db
    .selectFrom('approval_vote as v')
    .innerJoin('identity as i', 'i.id', 'v.identity_id')
    .select([
      'v.id',
      'v.identity_id as identityId',
      'i.name',
      'v.role',
      'v.decision',
      'v.reason',
      'v.revision_digest as revisionDigest',
      'v.at',
    ])
    .where('v.approval_id', '=', approval.id)
    .where('v.revision', '=', approval.revision)
    .orderBy('v.at')
    .orderBy('v.id')
    .limit(200)
    .execute()
  if (votes.length === 0) return []
  const query = db
    .selectFrom('role_binding')
    .select(['identity_id as identityId', 'role'])
    .where('workspace_id', '=', approval.workspaceId)
    .where(
      'identity_id',
      'in',
      votes.map((v) => v.identityId),
    )
    .where('revoked_at', 'is', null)
    .where((w) => w.or([w('environment', 'is', null), w('environment', '=', approval.environment)]))
    .where((w) => w.or([w('label', 'is', null), sql<boolean>`label = any(${approval.labels}::text[])`]))
  const held = await (lock ? query.forShare() : query).execute()
  return votes.map((v) => ({ ...v, rolesNow: held.filter((h) => h.identityId === v.identityId).map((h) => h.role) }))
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
