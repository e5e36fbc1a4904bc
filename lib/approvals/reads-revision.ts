import type { findEnvironment } from '#lib/models/reads.ts'
import { findServing, findVersion } from '#lib/models/reads.ts'
import { selectCurrentCard } from '#lib/models/reads-card.ts'
import { findEvidence, findEvidenceHeld } from '#lib/models/reads-evidence.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { newestOf } from './check-evidence.ts'
import { partsOf, type RevisionParts } from './decide.ts'
import type { ApprovalSubject, SubjectEvidence } from './model.ts'

export type Version = NonNullable<Awaited<ReturnType<typeof findVersion>>>
export type Place = NonNullable<Awaited<ReturnType<typeof findEnvironment>>>

/** What conditions of policies see. */
export function policySubject(version: Version, environment: Place) {
  const { name, protected: isProtected } = environment
  return {
    environment: { name, protected: isProtected },
    model: { name: version.modelName, risk: version.risk, labels: version.labels },
    version: { version: version.version },
  }
}

/**
 * What a request made now would bind, and its digest: version, environment, card, evidence set and policy. In a
 * transaction with `hold` nobody changes the version's evidence until it ends.
 */
export async function findRevision(
  db: Reader,
  version: Version,
  environment: Place,
  policy: string,
  hold?: Tx,
): Promise<{ subject: ApprovalSubject; parts: RevisionParts; revisionDigest: string }> {
  const added = hold ? await findEvidenceHeld(hold, version.id) : await findEvidence(db, version.id)
  const card = await selectCurrentCard(db, version.id)
  const { name, protected: isProtected } = environment
  const subject: ApprovalSubject = {
    model: { id: version.modelId, name: version.modelName, risk: version.risk, labels: version.labels },
    version: { id: version.id, version: version.version, digest: version.digest },
    environment: { id: environment.id, name, protected: isProtected },
    cardDigest: card?.digest ?? '',
    evidence: evidenceOf(version, added, card),
    serving: await servingAt(db, version, environment),
  }
  const parts = partsOf(subject, policy)
  return { subject, parts, revisionDigest: policyDigest({ model: version.modelId, versionId: version.id, ...parts }) }
}

function evidenceOf(version: Version, added: Awaited<ReturnType<typeof findEvidence>>, card: Card): SubjectEvidence[] {
  return [
    ...registeredEvidence(version),
    ...cardEvidence(version, card),
    ...added.map((e) => ({
      kind: e.kind,
      digest: e.digest,
      content: e.content,
      metrics: (e.content['metrics'] ?? {}) as Record<string, number>,
      producerId: e.producedBy.id,
      producer: e.producedBy.name,
      at: e.measuredAt.toISOString(),
      statementDigest: e.statementDigest,
    })),
  ]
}

// What was measured before the version was registered, and said with it, is its first evaluation, by whoever submitted it.
// One without a metric is none: it would pose as newer than what CI had measured before it registered the version.
function registeredEvidence(version: Version): SubjectEvidence[] {
  if (Object.keys(version.evaluation.metrics).length === 0) return []
  return [
    {
      kind: 'evaluation',
      digest: policyDigest(version.evaluation),
      content: { ...version.evaluation },
      metrics: version.evaluation.metrics,
      producerId: version.createdBy.id,
      producer: version.createdBy.name,
      at: version.createdAt.toISOString(),
      statementDigest: null,
    },
  ]
}

type Card = Awaited<ReturnType<typeof selectCurrentCard>>

// The card itself is evidence of its kind, as far as the card policy calls it complete; an empty one is none.
function cardEvidence(version: Version, card: Card): SubjectEvidence[] {
  if (!card || (card.revision === 0 && version.card.trim() === '')) return []
  const { digest, complete, missing, revision } = card
  return [
    {
      kind: 'model-card',
      digest,
      content: { complete, missing, revision },
      metrics: {},
      producerId: card.createdById,
      producer: '',
      at: version.createdAt.toISOString(),
      statementDigest: null,
    },
  ]
}

async function servingAt(db: Reader, version: Version, environment: Place): Promise<ApprovalSubject['serving']> {
  const serving = await findServing(db, { workspaceId: version.workspaceId, modelId: version.modelId, nowOnly: true })
  const here = serving.find((s) => s.environmentId === environment.id)
  const current = here && (await findVersion(db, here.versionId))
  if (!current) return null
  const all = evidenceOf(current, await findEvidence(db, current.id), await selectCurrentCard(db, current.id))
  const evidence = Object.fromEntries(
    [...new Set(all.map((e) => e.kind))].map((kind) => [kind, newestOf(all, kind)?.content ?? {}]),
  )
  const metrics = newestOf(all, 'evaluation')?.metrics ?? {}
  return { versionId: current.id, version: current.version, metrics, evidence }
}
