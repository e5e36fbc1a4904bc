import { sql } from 'kysely'
import type { Reader } from '#lib/platform/db/schema.ts'

export type Candidate = { id: string; name: string; issuer: string; subject: string; kind: string }

/**
 * Whoever holds one of these roles in some way, newest identity first: by a binding, a group or a delegation. How far the
 * role reaches is for the decision.
 */
export async function selectCandidates(
  db: Reader,
  of: {
    workspaceId: string
    roles: readonly string[]
    now: Date
    knownSince: Date
    limit: number
    before?: string | undefined
  },
): Promise<Candidate[]> {
  const roles = sql`any(${[...of.roles]}::text[])`
  const { rows } = await sql<Candidate>`
    select i.id, i.name, i.issuer, i.subject, i.kind from identity i
    where (${of.before ?? null}::text is null or i.id < ${of.before ?? null}) and (
      exists (select from role_binding b where b.identity_id = i.id and b.workspace_id = ${of.workspaceId}
        and b.revoked_at is null and (b.expires_at is null or b.expires_at > ${of.now}) and b.role = ${roles})
      or exists (select from identity_group m
        join group_binding g on g.issuer = m.issuer and g.group_name = m.group_name and g.workspace_id = ${of.workspaceId}
        where m.identity_id = i.id and m.seen_at > ${of.knownSince} and g.revoked_at is null and g.role = ${roles})
      or exists (select from delegation d where d.workspace_id = ${of.workspaceId} and d.delegate_id = i.id
        and d.revoked_at is null and d.starts_at <= ${of.now} and d.ends_at > ${of.now} and d.role = ${roles}))
    order by i.id desc limit ${of.limit}`.execute(db)
  return rows
}
