import { approvalField, evidenceType, levels, statementType, voteType, vsaType, type Statement } from './statement.ts'

/** What is approved: a version by its digest, in an environment. Digests are `sha256:` and 64 hexadecimal digits. */
export type StatedVersion = { model: string; version: string; digest: string }
type Who = { issuer: string; subject: string }
type Revision = { id: string; revision: number; revisionDigest: string }

/** A person's vote on one revision of a request. */
export function voteStatement(vote: {
  version: StatedVersion
  environment: string
  approval: Revision
  decision: 'approve' | 'reject'
  voter: Who
  role: string
  reason: string
  policyDigest: string
  at: Date
}): Statement {
  const { approval, decision, voter, role, reason } = vote
  return {
    _type: statementType,
    subject: [subjectOf(vote.version)],
    predicateType: voteType,
    predicate: {
      approval: { id: approval.id, revision: approval.revision, revisionDigest: approval.revisionDigest },
      resourceUri: resourceUri(vote.version, vote.environment),
      decision,
      voter: { issuer: voter.issuer, subject: voter.subject },
      role,
      reason,
      policy: { digest: { sha256: hexOf(vote.policyDigest) } },
      at: vote.at.toISOString(),
    },
  }
}

/** Something that was found out about a version, by whom: what an approval rests on. */
export function evidenceStatement(evidence: {
  version: StatedVersion
  kind: string
  producer: Who
  content: unknown
  at: Date
}): Statement {
  const { kind, producer, content } = evidence
  return {
    _type: statementType,
    subject: [subjectOf(evidence.version)],
    predicateType: evidenceType,
    predicate: {
      kind,
      producer: { issuer: producer.issuer, subject: producer.subject },
      at: evidence.at.toISOString(),
      content,
    },
  }
}

export type Decision = {
  /** The origin of the installation and the workspace: together the verifier's id. */
  origin: string
  workspaceId: string
  version: StatedVersion
  environment: string
  approval: Revision & { expiresAt: Date | null }
  policy: { name: string; digest: string }
  outcome: 'approved' | 'rejected'
  /** The votes that counted, one a person. */
  counted: readonly { role: string; persona: boolean }[]
  /** Digests of everything that the decision rests on: votes and evidence, all of them. */
  inputs: readonly string[]
  /** True when a persona asked, voted or made evidence. */
  demo: boolean
  at: Date
}

/** The decision on a request as a SLSA verification summary v1. */
export function decisionStatement(d: Decision): Statement {
  const { id, revision, revisionDigest, expiresAt } = d.approval
  return {
    _type: statementType,
    subject: [subjectOf(d.version)],
    predicateType: vsaType,
    predicate: {
      verifier: { id: verifierId(d.origin, d.workspaceId) },
      timeVerified: d.at.toISOString(),
      resourceUri: resourceUri(d.version, d.environment),
      policy: { uri: `${d.origin}/policies/approvals/${d.policy.name}`, digest: { sha256: hexOf(d.policy.digest) } },
      inputAttestations: [...new Set(d.inputs)].map((digest) => ({
        uri: `${d.origin}/verify?digest=${digest}`,
        digest: { sha256: hexOf(digest) },
      })),
      verificationResult: d.outcome === 'approved' ? 'PASSED' : 'FAILED',
      verifiedLevels: levelsOf(d),
      slsaVersion: '1.1',
      [approvalField]: { id, revision, revisionDigest, expiresAt: expiresAt?.toISOString() ?? null },
    },
  }
}

/** A persona's decision has no level but the one that verifiers reject, whatever else would be true of it. */
function levelsOf(d: Decision): string[] {
  if (d.demo || d.counted.some((v) => v.persona)) return [levels.demo]
  if (d.outcome === 'rejected') return ['FAILED']
  const held: string[] = [levels.approved]
  if (d.counted.length >= 2) held.push(levels.twoPerson)
  if (d.counted.some((v) => v.role === 'validator')) held.push(levels.validated)
  return held
}

/** Names what was approved and where, as a verifier asks for it: `models:/fraud/7.0.0?env=production`. */
export function resourceUri(version: Pick<StatedVersion, 'model' | 'version'>, environment: string): string {
  return `models:/${version.model}/${version.version}?env=${environment}`
}

/** Who decided: a workspace of an installation. Two workspaces with models of one name cannot be taken for each other. */
export function verifierId(origin: string, workspaceId: string): string {
  return `${origin}/workspaces/${workspaceId}`
}

function subjectOf(version: StatedVersion) {
  return { name: `${version.model}@${version.version}`, digest: { sha256: hexOf(version.digest) } }
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '')
}
