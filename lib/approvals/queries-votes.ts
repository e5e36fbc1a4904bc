import { selectEffectiveRoles, selectPersonIds, type EffectiveRole } from '#lib/access/effective-roles.ts'
import { json, type Reader, type Tx } from '#lib/platform/db/schema.ts'
import type { Conflicts, CountedVote } from './decide.ts'
import type { ApprovalRow } from './queries.ts'
import type { Grant } from './quorum.ts'

export type VoteRow = CountedVote & {
  id: string
  name: string
  issuer: string
  /** By which it was cast. */
  role: string
  onBehalfOf: string | null
  reason: string
  at: Date
}

/** Everything about people that a request's decision depends on, as of one moment. */
export type Electorate = {
  votes: VoteRow[]
  conflicts: Conflicts
  /** The person behind the identity that was asked about, and its rights there. */
  person: string
  grants: readonly Grant[]
}

type About = Pick<
  ApprovalRow,
  | 'id'
  | 'revision'
  | 'workspaceId'
  | 'environment'
  | 'labels'
  | 'requestedById'
  | 'versionAuthorId'
  | 'runOwnerId'
  | 'subject'
>

/**
 * The votes on a revision with the roles that reach it now, who is whom, and whose votes separation excludes; also for one
 * identity that may be about to vote. In a transaction with `lock` every role that counts is locked, so that none can be
 * taken away before the count is committed.
 */
export async function selectElectorate(
  db: Reader,
  approval: About,
  of: { identityId: string; lock: boolean; now: Date },
): Promise<Electorate> {
  const votes = await selectVoteRows(db, approval)
  const { workspaceId, environment, labels } = approval
  const identityIds = [...new Set([of.identityId, ...votes.map((v) => v.identityId)])]
  const roles = await selectEffectiveRoles(db, {
    workspaceId,
    identityIds,
    environment,
    labels,
    now: of.now,
    lock: of.lock,
  })
  const producers = approval.subject.evidence.map((e) => e.producerId)
  const others = [approval.requestedById, approval.versionAuthorId, approval.runOwnerId ?? approval.versionAuthorId]
  const known = [...identityIds, ...roles.flatMap((r) => r.delegatorId ?? []), ...producers, ...others]
  const persons = await selectPersonIds(db, workspaceId, [...new Set(known)])
  const personOf = (id: string) => persons.get(id) ?? id
  const grantsOf = (id: string) => roles.filter((r) => r.identityId === id).map((r) => toGrant(r, personOf))
  return {
    votes: votes.map((v) => ({ ...v, person: personOf(v.identityId), grants: grantsOf(v.identityId) })),
    conflicts: {
      requester: [personOf(approval.requestedById)],
      'version-author': [personOf(approval.versionAuthorId)],
      'run-owner': approval.runOwnerId === null ? [] : [personOf(approval.runOwnerId)],
      'evidence-author': producers.map(personOf),
    },
    person: personOf(of.identityId),
    grants: grantsOf(of.identityId),
  }
}

function toGrant(role: EffectiveRole, personOf: (id: string) => string): Grant {
  return { role: role.role, authority: personOf(role.delegatorId ?? role.identityId) }
}

/** More than any quorum asks for: a role given to more people than this would be its own trouble. */
const votesMax = 500

async function selectVoteRows(db: Reader, approval: Pick<ApprovalRow, 'id' | 'revision'>) {
  const rows = await db
    .selectFrom('approval_vote as v')
    .innerJoin('identity as i', 'i.id', 'v.identity_id')
    .select([
      'v.id',
      'v.identity_id as identityId',
      'i.name',
      'i.issuer',
      'v.role',
      'v.decision',
      'v.reason',
      'v.revision_digest as revisionDigest',
      'v.at',
      'v.grants',
    ])
    .where('v.approval_id', '=', approval.id)
    .where('v.revision', '=', approval.revision)
    .orderBy('v.at')
    .orderBy('v.id')
    .limit(votesMax)
    .execute()
  return rows.map(({ grants, ...row }) => ({
    ...row,
    onBehalfOf: behalfOf(grants as CastGrant[], row.role, row.identityId),
  }))
}

export type CastGrant = { role: string; authority: string }

function behalfOf(grants: readonly CastGrant[], role: string, voter: string): string | null {
  const mine = grants.filter((g) => g.role === role)
  return mine.length === 0 || mine.some((g) => g.authority === voter) ? null : (mine[0]?.authority ?? null)
}

/** False when this identity has voted on this revision already. */
export async function insertVote(
  tx: Tx,
  vote: {
    id: string
    approvalId: string
    revision: number
    identityId: string
    role: string
    grants: readonly CastGrant[]
    decision: 'approve' | 'reject'
    reason: string
    revisionDigest: string
    at: Date
  },
): Promise<boolean> {
  const { approvalId, identityId, revisionDigest, grants, ...rest } = vote
  const result = await tx
    .insertInto('approval_vote')
    .values({
      ...rest,
      approval_id: approvalId,
      identity_id: identityId,
      revision_digest: revisionDigest,
      grants: json(grants),
    })
    .onConflict((c) => c.columns(['approval_id', 'revision', 'identity_id']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** The votes as they were cast, for what-if: rights of that moment, not of this one. */
export async function selectVotesAsCast(
  db: Reader,
  approvals: readonly Pick<ApprovalRow, 'id' | 'revision' | 'workspaceId'>[],
) {
  if (approvals.length === 0) return []
  return db
    .selectFrom('approval_vote')
    .select([
      'approval_id as approvalId',
      'identity_id as identityId',
      'role',
      'grants',
      'decision',
      'revision_digest as revisionDigest',
    ])
    .where(
      'approval_id',
      'in',
      approvals.map((a) => a.id),
    )
    .orderBy('at')
    .limit(votesMax * 50)
    .execute()
}
