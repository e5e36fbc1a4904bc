import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'

export function selectIdentity(db: Reader, issuer: string, subject: string) {
  return db
    .selectFrom('identity')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

/**
 * The identity's row, made when it is new. The name is that of whoever came first: an admin of one workspace gives nobody
 * a name that others read.
 */
export async function ensureIdentity(
  tx: Tx,
  who: { issuer: string; subject: string; name: string; kind: 'person' | 'service' },
  now: Date,
): Promise<string> {
  await tx
    .insertInto('identity')
    .values({ id: newId('identity', now), ...who, created_at: now })
    .onConflict((c) => c.columns(['issuer', 'subject']).doNothing())
    .execute()
  const row = await selectIdentity(tx, who.issuer, who.subject)
  if (!row) throw new Error('an identity was stored and is not there')
  return row.id
}

/** Names an identity anew, at its own sign-in and nowhere else. */
export async function refreshName(tx: Tx, identityId: string, name: string): Promise<void> {
  await tx.updateTable('identity').set({ name }).where('id', '=', identityId).where('name', '<>', name).execute()
}

export function selectWorkspace(db: Reader, nameOrId: string) {
  return db
    .selectFrom('workspace')
    .selectAll()
    .where((w) => w.or([w('id', '=', nameOrId), w('name', '=', nameOrId)]))
    .executeTakeFirst()
}

/** The workspaces in which an identity, or a group it is in, holds any role, by name. */
export function selectWorkspacesOf(db: Reader, identityId: string, now: Date) {
  return db
    .selectFrom('workspace as w')
    .select(['w.id', 'w.name', 'w.title', 'w.demo'])
    .where(({ or, exists, selectFrom }) =>
      or([
        exists(
          selectFrom('role_binding as b')
            .select('b.id')
            .whereRef('b.workspace_id', '=', 'w.id')
            .where('b.identity_id', '=', identityId)
            .where('b.revoked_at', 'is', null)
            .where((w) => w.or([w('b.expires_at', 'is', null), w('b.expires_at', '>', now)])),
        ),
        exists(
          selectFrom('identity_group as m')
            .innerJoin('group_binding as g', (j) =>
              j.onRef('g.issuer', '=', 'm.issuer').onRef('g.group_name', '=', 'm.group_name'),
            )
            .select('g.id')
            .whereRef('g.workspace_id', '=', 'w.id')
            .where('m.identity_id', '=', identityId)
            .where('g.revoked_at', 'is', null),
        ),
      ]),
    )
    .orderBy('w.name')
    .limit(100)
    .execute()
}

export function selectMembers(db: Reader, workspaceId: string, now: Date) {
  return db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select([
      'b.id as bindingId',
      'b.role',
      'b.environment',
      'b.label',
      'b.created_at',
      'i.id as identityId',
      'i.issuer',
      'i.subject',
      'i.name',
      'i.kind',
    ])
    .where('b.workspace_id', '=', workspaceId)
    .where('b.revoked_at', 'is', null)
    .where((w) => w.or([w('b.expires_at', 'is', null), w('b.expires_at', '>', now)]))
    .orderBy('i.name')
    .orderBy('b.role')
    .limit(500)
    .execute()
}

/** Every role that identities of an issuer were ever given in a workspace, also those taken away since. */
export function selectBindingsEver(db: Reader, workspaceId: string, issuer: string) {
  return db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select(['i.subject', 'b.role'])
    .where('b.workspace_id', '=', workspaceId)
    .where('i.issuer', '=', issuer)
    .limit(10_000)
    .execute()
}

/** Takes all roles of an issuer's identities in a workspace away; returns how many there were. */
export async function revokeBindingsOfIssuer(tx: Tx, workspaceId: string, issuer: string, now: Date): Promise<number> {
  const result = await tx
    .updateTable('role_binding')
    .set({ revoked_at: now })
    .where('workspace_id', '=', workspaceId)
    .where('revoked_at', 'is', null)
    .where('identity_id', 'in', (q) => q.selectFrom('identity').select('id').where('issuer', '=', issuer))
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

/**
 * Locks a role and, before it, its workspace against other takings, so that of two last admins one stays. Making things in
 * the workspace does not wait for it.
 */
export async function lockBinding(tx: Tx, bindingId: string) {
  await tx
    .selectFrom('workspace')
    .select('id')
    .where('id', '=', (q) => q.selectFrom('role_binding').select('workspace_id').where('id', '=', bindingId))
    .forNoKeyUpdate()
    .execute()
  return tx
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .selectAll('b')
    .select(['b.id as bindingId', 'i.issuer'])
    .where('b.id', '=', bindingId)
    .forUpdate('b')
    .executeTakeFirst()
}

/** The roles of admin in a workspace, whoever holds them now and however far they reach. */
export function selectAdmins(db: Reader, workspaceId: string, now: Date) {
  return db
    .selectFrom('role_binding as b')
    .innerJoin('identity as i', 'i.id', 'b.identity_id')
    .select(['b.id as bindingId', 'b.role', 'b.environment', 'b.label', 'i.issuer'])
    .where('b.workspace_id', '=', workspaceId)
    .where('b.role', '=', 'admin')
    .where('b.revoked_at', 'is', null)
    .where((w) => w.or([w('b.expires_at', 'is', null), w('b.expires_at', '>', now)]))
    .limit(500)
    .execute()
}

export function selectSession(db: Reader, sessionId: string) {
  return db
    .selectFrom('session as s')
    .innerJoin('identity as i', 'i.id', 's.identity_id')
    .select([
      's.id',
      's.created_at',
      's.seen_at',
      's.expires_at',
      's.revoked_at',
      's.auth_time',
      's.issuer_name',
      'i.id as identityId',
      'i.issuer',
      'i.subject',
      'i.name',
      'i.kind',
    ])
    .where('s.id', '=', sessionId)
    .executeTakeFirst()
}

export function selectIngestKey(db: Reader, secretDigest: string) {
  return db
    .selectFrom('ingest_key')
    .selectAll()
    .where('secret_digest', '=', secretDigest)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
}

/** Stores a key by its digest; the secret itself is never here. False when that secret is known already. */
export async function insertIngestKey(
  tx: Tx,
  key: {
    id: string
    workspaceId: string
    endpointId: string | null
    kinds: string[]
    secretDigest: string
    hint: string
    createdBy: string
    now: Date
  },
): Promise<boolean> {
  const result = await tx
    .insertInto('ingest_key')
    .values({
      id: key.id,
      workspace_id: key.workspaceId,
      endpoint_id: key.endpointId,
      kinds: key.kinds,
      secret_digest: key.secretDigest,
      hint: key.hint,
      created_at: key.now,
      created_by: key.createdBy,
      revoked_at: null,
    })
    .onConflict((c) => c.column('secret_digest').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}
