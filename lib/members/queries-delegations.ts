import type { Reader, Tx } from '#lib/platform/db/schema.ts'

export type NewDelegation = {
  id: string
  workspaceId: string
  delegatorId: string
  delegateId: string
  role: string
  environment: string | null
  label: string | null
  startsAt: Date
  endsAt: Date
  reason: string
  now: Date
}

export async function insertDelegation(tx: Tx, d: NewDelegation): Promise<void> {
  await tx
    .insertInto('delegation')
    .values({
      id: d.id,
      workspace_id: d.workspaceId,
      delegator_id: d.delegatorId,
      delegate_id: d.delegateId,
      role: d.role,
      environment: d.environment,
      label: d.label,
      starts_at: d.startsAt,
      ends_at: d.endsAt,
      reason: d.reason,
      created_at: d.now,
      created_by: d.delegatorId,
      revoked_at: null,
      revoked_by: null,
    })
    .execute()
}

/** What somebody has delegated and what has not ended; their row is locked, so that two at once are counted one by one. */
export async function lockOpenDelegations(tx: Tx, workspaceId: string, delegatorId: string, now: Date) {
  await tx.selectFrom('identity').select('id').where('id', '=', delegatorId).forNoKeyUpdate().execute()
  return tx
    .selectFrom('delegation')
    .select([
      'id',
      'delegate_id as delegateId',
      'role',
      'environment',
      'label',
      'starts_at as startsAt',
      'ends_at as endsAt',
    ])
    .where('workspace_id', '=', workspaceId)
    .where('delegator_id', '=', delegatorId)
    .where('revoked_at', 'is', null)
    .where('ends_at', '>', now)
    .limit(200)
    .execute()
}

export function lockDelegation(tx: Tx, id: string) {
  return tx
    .selectFrom('delegation')
    .select(['id', 'workspace_id as workspaceId', 'delegator_id as delegatorId', 'delegate_id as delegateId', 'role'])
    .select(['environment', 'label', 'starts_at as startsAt', 'ends_at as endsAt', 'revoked_at as revokedAt'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** False when it was revoked already. */
export async function markDelegationRevoked(tx: Tx, id: string, by: string, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('delegation')
    .set({ revoked_at: now, revoked_by: by })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Delegations of a workspace, newest first, ended ones too. */
export function selectDelegations(db: Reader, of: { workspaceId: string; limit: number; before?: string | undefined }) {
  return db
    .selectFrom('delegation as d')
    .innerJoin('identity as f', 'f.id', 'd.delegator_id')
    .innerJoin('identity as t', 't.id', 'd.delegate_id')
    .select(['d.id', 'd.delegator_id as delegatorId', 'f.name as delegatorName', 'd.delegate_id as delegateId'])
    .select(['t.name as delegateName', 'd.role', 'd.environment', 'd.label', 'd.starts_at as startsAt'])
    .select(['d.ends_at as endsAt', 'd.reason', 'd.revoked_at as revokedAt'])
    .where('d.workspace_id', '=', of.workspaceId)
    .$if(of.before !== undefined, (q) => q.where('d.id', '<', of.before ?? ''))
    .orderBy('d.id', 'desc')
    .limit(of.limit)
    .execute()
}
