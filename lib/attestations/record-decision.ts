import { personaIssuer } from '#lib/platform/actor.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { decisionStatement, type Decision } from './make-statement.ts'
import { selectDigests } from './queries.ts'
import { recordStatement } from './record-statement.ts'
import { Statement, voteType } from './statement.ts'

export type RecordDecisionInput = Omit<Decision, 'inputs' | 'demo' | 'counted'> & {
  counted: readonly { role: string; issuer: string }[]
  /** Whoever asked: a persona's request gives a demonstration's decision. */
  requesterIssuer: string
  /** Digests of the evidence that the revision binds, as `recordStatement` gave them. */
  evidenceDigests: readonly string[]
}

/**
 * Writes the decision on a request in the transaction that takes it: a verification summary over every vote that was
 * recorded on this revision and all its evidence.
 */
export async function recordDecision(tx: Tx, input: RecordDecisionInput): Promise<{ id: string; digest: string }> {
  const { workspaceId, approval, counted, requesterIssuer, evidenceDigests } = input
  const recorded = await selectDigests(tx, { workspaceId, subjectIds: [approval.id], kinds: ['vote'] })
  const votes = recorded.filter((v) => isOfRevision(v.statement, approval.revisionDigest))
  const statement = decisionStatement({
    ...input,
    counted: counted.map((v) => ({ role: v.role, persona: v.issuer === personaIssuer })),
    inputs: [...votes.map((v) => v.digest), ...evidenceDigests],
    demo: requesterIssuer === personaIssuer || votes.some((v) => v.demo),
  })
  const { at: now } = input
  return recordStatement(tx, {
    workspaceId,
    kind: 'decision',
    subjectKind: 'approval',
    subjectId: approval.id,
    statement,
    now,
  })
}

function isOfRevision(text: string, revisionDigest: string): boolean {
  const statement = Statement.parse(JSON.parse(text))
  return statement.predicateType === voteType && statement.predicate.approval.revisionDigest === revisionDigest
}
