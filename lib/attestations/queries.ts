import type { Reader, Tx } from '#lib/platform/db/schema.ts'

export type AttestationKind = 'vote' | 'decision' | 'evidence'

export type NewAttestation = {
  id: string
  workspaceId: string
  kind: AttestationKind
  subjectKind: string
  subjectId: string
  statement: string
  digest: string
  demo: boolean
  now: Date
}

/** Writes a statement to be signed. The same bytes once a workspace: returns the id that they have. */
export async function insertAttestation(tx: Tx, a: NewAttestation): Promise<string> {
  const inserted = await tx
    .insertInto('attestation')
    .values({
      id: a.id,
      workspace_id: a.workspaceId,
      kind: a.kind,
      subject_kind: a.subjectKind,
      subject_id: a.subjectId,
      statement: a.statement,
      digest: a.digest,
      demo: a.demo,
      recorded_at: a.now,
      envelope: null,
      envelope_digest: null,
      key_id: null,
      signed_at: null,
      due_at: a.now,
      lease_until: null,
      lease_holder: null,
    })
    .onConflict((c) => c.columns(['workspace_id', 'digest']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted) return inserted.id
  const present = await tx
    .selectFrom('attestation')
    .select('id')
    .where('workspace_id', '=', a.workspaceId)
    .where('digest', '=', a.digest)
    .executeTakeFirstOrThrow()
  return present.id
}

/** The digests of what was stated about a subject, in the order in which it was. */
export function selectDigests(
  db: Reader,
  of: { workspaceId: string; subjectIds: readonly string[]; kinds: readonly AttestationKind[] },
) {
  if (of.subjectIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('attestation')
    .select(['id', 'kind', 'digest', 'demo', 'statement'])
    .where('workspace_id', '=', of.workspaceId)
    .where('subject_id', 'in', of.subjectIds)
    .where('kind', 'in', of.kinds)
    .orderBy('id')
    .limit(1_000)
    .execute()
}

const rowColumns = [
  'id',
  'workspace_id as workspaceId',
  'kind',
  'subject_kind as subjectKind',
  'subject_id as subjectId',
  'statement',
  'digest',
  'demo',
  'recorded_at as recordedAt',
  'envelope',
  'envelope_digest as envelopeDigest',
  'key_id as keyId',
  'signed_at as signedAt',
] as const

function rows(db: Reader) {
  return db.selectFrom('attestation').select(rowColumns)
}
export type AttestationRow = Awaited<ReturnType<ReturnType<typeof rows>['execute']>>[number]

export function selectAttestation(db: Reader, id: string): Promise<AttestationRow | undefined> {
  return rows(db).where('id', '=', id).executeTakeFirst()
}

/** Locked until the transaction ends, so that of two signatures one is kept. */
export function lockAttestation(tx: Tx, id: string): Promise<AttestationRow | undefined> {
  return rows(tx).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** What was stated about things, oldest first, at most a thousand. */
export async function selectAbout(
  db: Reader,
  of: { workspaceId: string; subjectIds: readonly string[] },
): Promise<AttestationRow[]> {
  if (of.subjectIds.length === 0) return []
  return rows(db)
    .where('workspace_id', '=', of.workspaceId)
    .where('subject_id', 'in', of.subjectIds)
    .orderBy('id')
    .limit(1_000)
    .execute()
}

/** By the digest of a statement or of an envelope, in any workspace: digests are published. */
export function selectByDigest(db: Reader, digest: string): Promise<AttestationRow | undefined> {
  return rows(db)
    .where((w) => w.or([w('digest', '=', digest), w('envelope_digest', '=', digest)]))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

/** The decision on a request, in any workspace. */
export function selectDecision(db: Reader, approvalId: string): Promise<AttestationRow | undefined> {
  return rows(db)
    .where('subject_id', '=', approvalId)
    .where('kind', '=', 'decision')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Keeps a signature; false when there is one already or the claim was lost. */
export async function keepEnvelope(
  tx: Tx,
  signed: { id: string; fence: bigint; envelope: string; envelopeDigest: string; keyId: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('attestation')
    .set({
      envelope: signed.envelope,
      envelope_digest: signed.envelopeDigest,
      key_id: signed.keyId,
      signed_at: signed.now,
      due_at: null,
      lease_until: null,
      lease_holder: null,
    })
    .where('id', '=', signed.id)
    .where('envelope', 'is', null)
    .where('fence', '=', signed.fence)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** What waits for a signature: how many, and since when. */
export async function selectPending(db: Reader, demo?: boolean): Promise<{ pending: number; oldestAt: Date | null }> {
  let query = db
    .selectFrom('attestation')
    .select((e) => [e.fn.countAll<bigint>().as('pending'), e.fn.min('recorded_at').as('oldestAt')])
    .where('due_at', 'is not', null)
  if (demo !== undefined) query = query.where('demo', '=', demo)
  const row = await query.executeTakeFirstOrThrow()
  return { pending: Number(row.pending), oldestAt: row.oldestAt }
}
