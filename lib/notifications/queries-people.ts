import { sql } from 'kysely'
import type { Reader } from '#lib/platform/db/schema.ts'

export type PersonRow = {
  id: string
  issuer: string
  subject: string
  kind: 'person' | 'service' | 'worker' | 'system'
  name: string
}

/** People to whom something in the workspace gives a role, or may: whether it does is for the rules of access to say. */
export async function selectCandidates(db: Reader, workspaceId: string, limit: number): Promise<PersonRow[]> {
  const { rows } = await sql<PersonRow>`
    select i.id, i.issuer, i.subject, i.kind, i.name from identity i
    where i.kind = 'person' and i.id in (
      select identity_id from role_binding where workspace_id = ${workspaceId} and revoked_at is null
      union select delegate_id from delegation where workspace_id = ${workspaceId} and revoked_at is null
      union select g.identity_id from identity_group g join group_binding b on b.issuer = g.issuer and b.group_name = g.group_name
        where b.workspace_id = ${workspaceId} and b.revoked_at is null)
    order by i.id limit ${limit}`.execute(db)
  return rows
}

export function selectPerson(db: Reader, id: string): Promise<PersonRow | undefined> {
  return db
    .selectFrom('identity')
    .select(['id', 'issuer', 'subject', 'kind', 'name'])
    .where('id', '=', id)
    .executeTakeFirst()
}
