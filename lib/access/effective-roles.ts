import { sql, type RawBuilder } from 'kysely'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { reaches, type Binding } from './decide.ts'

/** A role that somebody holds now, and what gives it to them. */
export type HeldRole = Binding & {
  identityId: string
  via: 'binding' | 'group' | 'delegation'
  /** The row that gives it: `rb_…` of a person, `gb_…` of a group; of a delegation the delegator's own. */
  bindingId: string
  /** Present when `via` is `delegation`, and only then. */
  delegationId: string | null
  delegatorId: string | null
  endsAt: Date | null
  /** The group that gives it, also to a delegator. */
  group: string | null
}

export type EffectiveRole = {
  identityId: string
  role: string
  via: HeldRole['via']
  bindingId: string
  delegatorId?: string
}

/** Of what an issuer said of somebody's groups longer ago than this, nothing is known any more. */
const groupsKnownDays = 30
const rowsMax = 5_000

/**
 * The roles that reach a thing, of each of these identities at `now`: bound to them, to a group that their issuer last
 * said they are in, or delegated to them by somebody who holds the role themselves. The one query that roles are read by.
 * With `lock`, in a transaction, every row that a role rests on (also the delegator's) stays as it is until the commit.
 * A role narrowed to an environment or label reaches nothing that does not say which it belongs to.
 */
export async function selectEffectiveRoles(
  db: Reader,
  of: {
    workspaceId: string
    identityIds: readonly string[]
    environment?: string
    labels: readonly string[]
    now: Date
    lock: boolean
  },
): Promise<EffectiveRole[]> {
  const { roles } = await selectHeldRoles(db, of)
  return roles
    .filter((held) => reaches(held, of))
    .map(({ identityId, role, via, bindingId, delegatorId }) => ({
      identityId,
      role,
      via,
      bindingId,
      ...(delegatorId === null ? {} : { delegatorId }),
    }))
}

/**
 * Every role of these identities in a workspace, whatever it reaches, own ones first; and the version of the rules in
 * force at that moment, so that no decision rests on older rules than the roles it is made with (undefined where nobody
 * holds anything, or before any rules were published).
 */
export async function selectHeldRoles(
  db: Reader,
  of: { workspaceId: string; identityIds: readonly string[]; now: Date; lock: boolean },
): Promise<{ roles: HeldRole[]; rulesVersion: bigint | undefined }> {
  if (of.identityIds.length === 0) return { roles: [], rulesVersion: undefined }
  // Rows of a union cannot be locked, rows of its parts can.
  const { rows } = await sql<HeldRole & { rulesVersion: bigint | null }>`
    with held("identityId", role, environment, label, via, "bindingId", "delegationId", "delegatorId", "endsAt", "group") as (
      select * from (${ownRoles(of)}) own union all select * from (${groupRoles(of)}) grouped
      union all select * from (${delegatedOwn(of)}) lent union all select * from (${delegatedGroup(of)}) lent_grouped
    )
    select held.*, ${of.workspaceId}::text as "workspaceId", (select version from access_rules) as "rulesVersion" from held`.execute(
    db,
  )
  return { roles: rows, rulesVersion: rows[0]?.rulesVersion ?? undefined }
}

/**
 * Which of these identities are one person, as far as this workspace or the installation's own has linked them: for each
 * the key of its person, the smallest identity id that is reached over links. One that is linked to none is its own person.
 */
export async function selectPersonIds(
  db: Reader,
  workspaceId: string,
  identityIds: readonly string[],
): Promise<Map<string, string>> {
  if (identityIds.length === 0) return new Map()
  const { rows } = await sql<{ start: string; person: string }>`
    with recursive link(a, b) as (
      select identity_a, identity_b from identity_link
      where unlinked_at is null and workspace_id in (${workspaceId}, ${rootWorkspaceId})
    ), edge(a, b) as (select a, b from link union all select b, a from link),
    reached(start, id) as (
      select start, start from unnest(${[...identityIds]}::text[]) start
      union select r.start, e.b from reached r join edge e on e.a = r.id
    )
    select start, min(id collate "C") as person from reached group by start`.execute(db)
  return new Map(rows.map((r) => [r.start, r.person]))
}

/** What was said of somebody's groups at or before this instant counts no more. */
export function groupsKnownSince(now: Date): Date {
  return new Date(now.getTime() - groupsKnownDays * 86_400_000)
}

type Of = { workspaceId: string; identityIds: readonly string[]; now: Date; lock: boolean }

const share = (of: Of, rows: string): RawBuilder<unknown> => (of.lock ? sql.raw(`for share of ${rows}`) : sql``)
const knownSince = (of: Of) => groupsKnownSince(of.now)

// A role that a claim gave ends at its time, whether or not the worker has come by to take it away. What a group has ends
// with what is known of its members (`seen_at`), and a delegation at its own end.
const held = (of: Of) => sql`b.revoked_at is null and (b.expires_at is null or b.expires_at > ${of.now})`

const ownRoles = (of: Of) => sql`
  select b.identity_id as "identityId", b.role, b.environment, b.label, 'binding' as via, b.id as "bindingId",
    null::text as "delegationId", null::text as "delegatorId", null::timestamptz as "endsAt", null::text as "group"
  from role_binding b
  where b.workspace_id = ${of.workspaceId} and b.identity_id = any(${[...of.identityIds]}::text[]) and ${held(of)}
  order by b.id limit ${rowsMax} ${share(of, 'b')}`

const groupRoles = (of: Of) => sql`
  select m.identity_id, b.role, b.environment, b.label, 'group', b.id, null, null, null::timestamptz, b.group_name
  from identity_group m
  join group_binding b on b.issuer = m.issuer and b.group_name = m.group_name and b.workspace_id = ${of.workspaceId}
  where m.identity_id = any(${[...of.identityIds]}::text[]) and m.seen_at > ${knownSince(of)} and b.revoked_at is null
  order by b.id limit ${rowsMax} ${share(of, 'm, b')}`

// What is delegated reaches as far as the delegation and the delegator's own role both do. It rests on a role of the
// delegator's own: what was delegated to the delegator is not theirs to pass on.
const delegatedOwn = (of: Of) => sql`
  select d.delegate_id, d.role, coalesce(d.environment, b.environment), coalesce(d.label, b.label), 'delegation', b.id,
    d.id, d.delegator_id, d.ends_at, null
  from delegation d
  join role_binding b on b.workspace_id = d.workspace_id and b.identity_id = d.delegator_id and b.role = d.role
  where ${held(of)} and ${live(of)}
  order by d.id, b.id limit ${rowsMax} ${share(of, 'd, b')}`

const delegatedGroup = (of: Of) => sql`
  select d.delegate_id, d.role, coalesce(d.environment, b.environment), coalesce(d.label, b.label), 'delegation', b.id,
    d.id, d.delegator_id, d.ends_at, b.group_name
  from delegation d
  join identity_group m on m.identity_id = d.delegator_id
  join group_binding b on b.workspace_id = d.workspace_id and b.issuer = m.issuer and b.group_name = m.group_name and b.role = d.role
  where b.revoked_at is null and m.seen_at > ${knownSince(of)} and ${live(of)}
  order by d.id, b.id limit ${rowsMax} ${share(of, 'd, m, b')}`

const live = (of: Of) => sql`d.workspace_id = ${of.workspaceId} and d.delegate_id = any(${[...of.identityIds]}::text[])
    and d.revoked_at is null and d.starts_at <= ${of.now} and d.ends_at > ${of.now}
    and (d.environment is null or b.environment is null or d.environment = b.environment)
    and (d.label is null or b.label is null or d.label = b.label)`
