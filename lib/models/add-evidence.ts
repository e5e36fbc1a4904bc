import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { attachEvidence } from './attach-evidence.ts'
import { AddEvidenceInput, type EvidenceKind } from './evidence.ts'
import { selectVersion } from './queries.ts'

export type AddedEvidence = {
  id: string
  versionId: string
  kind: EvidenceKind
  digest: string
  statementDigest: string
}

/**
 * Adds a piece of evidence to a version: what was measured or checked, by whom, as an in-toto statement. Whoever adds it may
 * not decide on it where the policy separates the two. A request that is open for the version becomes a new revision.
 * @throws `invalid` when the content is not what its kind asks for, `conflict` when it is there already
 */
export async function addEvidence(ctx: Ctx, input: AddEvidenceInput): Promise<AddedEvidence> {
  const { versionId, kind, content, measuredAt, source } = parseInput(AddEvidenceInput, input)
  return mutate(ctx, { action: 'evidence:add', load: (tx) => load(tx, versionId) }, async (tx, version) => {
    const made = await attachEvidence(tx, ctx, {
      version,
      kind,
      content,
      measuredAt: measuredAt === undefined ? undefined : new Date(measuredAt),
      source: source ?? null,
    })
    const { id, digest, statementDigest } = made
    const after = { versionId, kind, digest, statementDigest, content: made.content, source: source ?? null }
    return {
      value: { id, versionId, kind, digest, statementDigest },
      audit: {
        resource: { kind: 'version', id: versionId, name: `${version.modelName}@${version.version}` },
        after,
        because: `Evidence of the kind ${kind} was added.`,
      },
      wake: ['approvals'],
    }
  })
}

async function load(tx: Tx, versionId: string) {
  const version = await selectVersion(tx, versionId)
  if (!version) return undefined
  const { id, workspaceId, labels, modelName } = version
  return {
    subject: version,
    resource: { kind: 'version', id, workspaceId, labels },
    name: `${modelName}@${version.version}`,
  }
}
