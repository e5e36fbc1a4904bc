import { evidenceStatement } from '#lib/attestations/make-statement.ts'
import { recordStatement } from '#lib/attestations/record-statement.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { evidenceDigest, readContent, type EvidenceKind, type EvidenceSource } from './evidence.ts'
import { countStanding, holdVersion, insertEvidence } from './queries-evidence.ts'

/** More than any policy asks for; the request for approval carries all of it. */
const standingMax = 50

export type AttachedEvidence = {
  id: string
  digest: string
  statementDigest: string
  kind: EvidenceKind
  content: Record<string, unknown>
}

/**
 * Adds evidence to a version in the caller's transaction, with the in-toto statement that says who produced it: the part
 * that `addEvidence` and the verbs of domains above (a frozen reference profile) share.
 * @throws `invalid` when the content is not what its kind asks for, `conflict` when it is there already or there is too much
 */
export async function attachEvidence(
  tx: Tx,
  ctx: Pick<Ctx, 'actor' | 'actorId' | 'clock'>,
  input: {
    version: { id: string; workspaceId: string; modelName: string; version: string; digest: string }
    kind: EvidenceKind
    content: Record<string, unknown>
    measuredAt?: Date | undefined
    source: EvidenceSource | null
  },
): Promise<AttachedEvidence> {
  const { version, kind, source } = input
  const now = ctx.clock.now()
  const measuredAt = input.measuredAt ?? now
  const read = readContent(kind, input.content, version.digest)
  if (!read.ok) throw problem('invalid', `${read.errors[0]?.path}: ${read.errors[0]?.message}`, { errors: read.errors })
  if (measuredAt > now)
    throw problem('invalid', 'measuredAt: it lies ahead', {
      errors: [{ path: 'measuredAt', message: 'must not be after now' }],
    })
  await holdVersion(tx, version.id, false)
  if ((await countStanding(tx, version.id)) >= standingMax)
    throw problem('conflict', `The version has ${standingMax} pieces of evidence. Withdraw some first.`)
  const { content } = read
  const digest = evidenceDigest({ kind, content, measuredAt })
  const statement = evidenceStatement({
    version: { model: version.modelName, version: version.version, digest: version.digest },
    kind,
    producer: { issuer: ctx.actor.issuer, subject: ctx.actor.subject },
    content: { ...content, digest, ...(source ? { source } : {}) },
    at: measuredAt,
  })
  const { workspaceId } = version
  const subject = { kind: 'evidence', subjectKind: 'version', subjectId: version.id } as const
  const recorded = await recordStatement(tx, { workspaceId, ...subject, statement, now })
  const id = newId('evidence', now)
  const row = { id, workspaceId, versionId: version.id, kind, digest, content, source, measuredAt, addedAt: now }
  const isNew = await insertEvidence(tx, { ...row, statementDigest: recorded.digest, producedBy: ctx.actorId })
  if (!isNew)
    throw problem('conflict', `${version.modelName}@${version.version} has this very evidence already.`, { digest })
  return { id, digest, statementDigest: recorded.digest, kind, content }
}
