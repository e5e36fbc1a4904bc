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
