import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { insertAttestation, type AttestationKind } from './queries.ts'
import { isDemo, statementBytes, statementDigest, type Statement } from './statement.ts'

export type RecordStatementInput = {
  workspaceId: string
  kind: AttestationKind
  /** What it is about: `approval` and its id for votes and decisions, `version` and its id for evidence. */
  subjectKind: string
  subjectId: string
  statement: Statement
  now: Date
}

/**
 * Writes an in-toto statement in the transaction of the act that it states. It is pending: the worker signs it through the
 * key management system right after the commit, so that no transaction waits for the outside. The same statement twice is
 * one.
 * @throws TypeError when the statement is not one of ours (a fault of the caller, not of its input)
 */
export async function recordStatement(tx: Tx, input: RecordStatementInput): Promise<{ id: string; digest: string }> {
  const bytes = statementBytes(input.statement)
  const digest = statementDigest(bytes)
  const { workspaceId, kind, subjectKind, subjectId, now } = input
  const id = await insertAttestation(tx, {
    id: newId('attestation', now),
    workspaceId,
    kind,
    subjectKind,
    subjectId,
    statement: bytes.toString('utf8'),
    digest,
    demo: isDemo(input.statement),
    now,
  })
  return { id, digest }
}
