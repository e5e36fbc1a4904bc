import { listApprovals, readApproval } from '#lib/approvals/reads.ts'
import type { ApprovalView } from '#lib/approvals/model.ts'
import { readIncident } from '#lib/incidents/reads.ts'
import { readVersion } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { readRollout } from '#lib/rollouts/reads.ts'
import type { ExportPackInput, PackFacts, PackSection } from './model.ts'

const approvalsMax = 100

/** What a pack says, as far as the caller may read it. @throws `not-found`, `forbidden` */
export function readPackFacts(ctx: Ctx, input: ExportPackInput): Promise<PackFacts> {
  switch (input.kind) {
    case 'version':
      return versionFacts(ctx, input.id)
    case 'approval':
      return approvalFacts(ctx, input.id)
    case 'rollout':
      return rolloutFacts(ctx, input.id)
    case 'incident':
      return incidentFacts(ctx, input.id)
    default:
      throw new TypeError(`no such kind of pack: ${JSON.stringify(input)}`)
  }
}

async function versionFacts(ctx: Ctx, id: string): Promise<PackFacts> {
  const [version, approvals] = await Promise.all([readVersion(ctx, id), approvalsOf(ctx, id)])
  return {
    kind: 'version',
    id,
    title: `${version.modelName} ${version.version}`,
    sections: [versionSection(version), ...approvals.map(approvalSection)],
    data: { version: { ...version, files: version.files.length }, approvals },
    ids: [id, ...approvals.map((a) => a.id)],
  }
}

async function approvalFacts(ctx: Ctx, id: string): Promise<PackFacts> {
  const approval = await readApproval(ctx, id)
  const version = await readVersion(ctx, approval.subject.version.id)
  const { subject, votes, policy } = approval
  const cast = votes.map((v): readonly [string, string] => [
    `${v.voter.name} (${v.role})`,
    `${v.decision}, ${v.at.toISOString()}: ${v.reason}`,
  ])
  return {
    kind: 'approval',
    id,
    title: `${subject.model.name} ${subject.version.version} for ${subject.environment.name}: ${approval.state}`,
    sections: [approvalSection(approval), { heading: 'Votes', facts: cast }, versionSection(version)],
    data: { approval: { ...approval, mine: undefined }, policy, version: { ...version, files: version.files.length } },
    ids: [id, version.id],
  }
}

async function rolloutFacts(ctx: Ctx, id: string): Promise<PackFacts> {
  const rollout = await readRollout(ctx, id)
  const { from, to } = rollout
  const [version, approvals] = await Promise.all([readVersion(ctx, to.versionId), approvalsOf(ctx, to.versionId)])
  const about: PackSection = {
    heading: 'Rollout',
    facts: [
      ['State', rollout.state],
      ['Why', rollout.because],
      ['Endpoint', rollout.endpoint.name],
      ['Candidate', `${version.modelName} ${to.version}, ${to.digest}`],
      ['Before it', `${from.version}, ${from.digest}`],
      ['Started', `${rollout.createdAt.toISOString()} by ${rollout.requestedBy.name}`],
      ['Ended', rollout.endedAt?.toISOString() ?? 'not yet'],
      ['Policy', `${rollout.policyName}, ${rollout.policyDigest}`],
    ],
  }
  return {
    kind: 'rollout',
    id,
    title: `Rollout of ${version.modelName} ${to.version} to ${rollout.endpoint.name}: ${rollout.state}`,
    sections: [about, versionSection(version), ...approvals.map(approvalSection)],
    data: { rollout: { ...rollout, mine: undefined }, approvals },
    ids: [id, to.versionId, ...approvals.map((a) => a.id)],
  }
}

async function incidentFacts(ctx: Ctx, id: string): Promise<PackFacts> {
  const incident = await readIncident(ctx, id)
  const rollout = incident.rolloutId === null ? undefined : await rolloutFacts(ctx, incident.rolloutId)
  const about: PackSection = {
    heading: 'Incident',
    facts: [
      ['State', `${incident.state}, ${incident.severity}`],
      ['Why', incident.because],
      ['Endpoint', incident.endpoint?.name ?? 'none'],
      ['Opened', `${incident.openedAt.toISOString()} by ${incident.openedBy.name}`],
      ['Resolved', incident.resolvedAt?.toISOString() ?? 'not yet'],
    ],
  }
  const timeline: PackSection = {
    heading: 'Timeline',
    facts: incident.timeline.map((e): readonly [string, string] => [e.at.toISOString(), e.text]),
  }
  return {
    kind: 'incident',
    id,
    title: incident.title,
    sections: [about, timeline, ...(rollout?.sections ?? [])],
    data: { incident: { ...incident, mine: undefined }, ...(rollout ? { rollout: rollout.data } : {}) },
    ids: [id, ...(incident.endpoint ? [incident.endpoint.id] : []), ...(rollout?.ids ?? [])],
  }
}

async function approvalsOf(ctx: Ctx, versionId: string): Promise<readonly ApprovalView[]> {
  const { items } = await listApprovals(ctx, { versionId, limit: approvalsMax })
  return items
}

function versionSection(version: Awaited<ReturnType<typeof readVersion>>): PackSection {
  const { evaluation, createdAt, createdBy, digest, modelName, lineage } = version
  const metrics = Object.entries(evaluation.metrics).map(([name, value]): readonly [string, string] => [
    name,
    String(value),
  ])
  return {
    heading: 'Version',
    facts: [
      ['Model', modelName],
      ['Version', version.version],
      ['Digest', digest],
      ['Submitted', `${createdAt.toISOString()} by ${createdBy.name}`],
      ['Training run', lineage.run ?? 'unknown'],
      ['Code', lineage.code ?? 'unknown'],
      ...metrics,
    ],
  }
}

function approvalSection(approval: ApprovalView): PackSection {
  const { subject, policy } = approval
  return {
    heading: `Approval for ${subject.environment.name}`,
    facts: [
      ['State', approval.state],
      ['Why', approval.because],
      ['Asked', `${approval.requestedAt.toISOString()} by ${approval.requestedBy.name}`],
      ['Decided', approval.decidedAt?.toISOString() ?? 'not yet'],
      ['Holds until', approval.expiresAt.toISOString()],
      ['Policy', `${policy.name}, ${policy.digest}`],
      ['Revision', `${approval.revision}, ${approval.revisionDigest}`],
      ['Request', approval.id],
    ],
  }
}
