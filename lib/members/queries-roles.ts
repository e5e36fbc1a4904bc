import { sql } from 'kysely'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'

/** Locks a group's role and, before it, its workspace against other takings: of two last admins one stays. */
export async function lockGroupBinding(tx: Tx, bindingId: string) {
  await tx
    .selectFrom('workspace')
    .select('id')
    .where('id', '=', (q) => q.selectFrom('group_binding').select('workspace_id').where('id', '=', bindingId))
    .forNoKeyUpdate()
    .execute()
  return tx.selectFrom('group_binding').selectAll().where('id', '=', bindingId).forUpdate().executeTakeFirst()
}

/** The live roles of groups, newest first, each with how many people are known to be in it since then. */
export function selectGroupBindings(
  db: Reader,
  of: { workspaceId: string; knownSince: Date; limit: number; before?: string | undefined },
) {
  return db
    .selectFrom('group_binding as b')
    .select([
      'b.id',
      'b.issuer',
      'b.group_name as group',
      'b.role',
      'b.environment',
      'b.label',
      'b.created_at as createdAt',
    ])
    .select((e) =>
      e
        .selectFrom('identity_group as m')
        .select((c) => c.fn.countAll<bigint>().as('n'))
        .whereRef('m.issuer', '=', 'b.issuer')
        .whereRef('m.group_name', '=', 'b.group_name')
        .where('m.seen_at', '>', of.knownSince)
        .as('members'),
    )
    .where('b.workspace_id', '=', of.workspaceId)
    .where('b.revoked_at', 'is', null)
    .$if(of.before !== undefined, (q) => q.where('b.id', '<', of.before ?? ''))
    .orderBy('b.id', 'desc')
    .limit(of.limit)
    .execute()
}

/** The unnarrowed roles of admin that groups have here, with known members: as much as those of persons. */
export function selectGroupAdmins(db: Reader, workspaceId: string, knownSince: Date) {
  return db
    .selectFrom('group_binding as b')
    .select(['b.id as bindingId', 'b.role', 'b.environment', 'b.label', 'b.issuer'])
    .where('b.workspace_id', '=', workspaceId)
    .where('b.role', '=', 'admin')
    .where('b.revoked_at', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('identity_group as m')
          .select('m.identity_id')
          .whereRef('m.issuer', '=', 'b.issuer')
          .whereRef('m.group_name', '=', 'b.group_name')
          .where('m.seen_at', '>', knownSince),
      ),
    )
    .limit(500)
    .execute()
}

/** Which of these identities are in a group, as far as is known. */
export function selectInGroup(db: Reader, of: { issuer: string; group: string }) {
  return db
    .selectFrom('identity_group as m')
    .select('m.identity_id as identityId')
    .where('m.issuer', '=', of.issuer)
    .where('m.group_name', '=', of.group)
    .limit(10_000)
    .execute()
}

/** An identity that has, or ever had, a role of its own or of a group in the workspace: the others are not known there. */
export function selectKnownIdentity(db: Reader, identityId: string, workspaceId: string) {
  return db
    .selectFrom('identity as i')
    .select(['i.id', 'i.name', 'i.kind', 'i.issuer', 'i.subject'])
    .where('i.id', '=', identityId)
    .where(({ or, exists, selectFrom }) =>
      or([
        exists(
          selectFrom('role_binding as b')
            .select('b.id')
            .whereRef('b.identity_id', '=', 'i.id')
            .where('b.workspace_id', '=', workspaceId),
        ),
        exists(
          selectFrom('identity_group as m')
            .innerJoin('group_binding as g', (j) =>
              j.onRef('g.issuer', '=', 'm.issuer').onRef('g.group_name', '=', 'm.group_name'),
            )
            .select('g.id')
            .whereRef('m.identity_id', '=', 'i.id')
            .where('g.workspace_id', '=', workspaceId),
        ),
      ]),
    )
    .executeTakeFirst()
}

/** Any identity: the installation's own workspace knows them all. */
export function selectIdentityById(db: Reader, identityId: string) {
  return db
    .selectFrom('identity')
    .select(['id', 'name', 'kind', 'issuer', 'subject'])
    .where('id', '=', identityId)
    .executeTakeFirst()
}

export function selectNames(db: Reader, identityIds: readonly string[]) {
  return db
    .selectFrom('identity')
    .select(['id', 'name'])
    .where('id', '=', sql<string>`any(${[...identityIds]}::text[])`)
    .execute()
}
