import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { digestOfFiles } from '#lib/platform/artifact-digest.ts'
import { RegisterVersionInput, type VersionView } from './model.ts'
import { insertVersion, lockModel, selectIdentityId, type ModelRow, type NewVersion } from './queries.ts'

/**
 * Registers a version of a model. A version is its digest: it is written once and never changed. Where the files are
 * listed, the digest must be theirs.
 * @throws `conflict` when the version number is used, `invalid` when digest and files disagree
 */
export async function registerVersion(ctx: Ctx, input: RegisterVersionInput): Promise<VersionView> {
  const fields = parseInput(RegisterVersionInput, input)
  if (fields.files.length > 0 && digestOfFiles(fields.files) !== fields.digest) {
    throw problem('invalid', 'digest: it is not the digest of the listed files', {
      errors: [{ path: 'digest', message: 'must be sha256 over the sorted manifest of the files' }],
      expected: digestOfFiles(fields.files),
    })
  }
  return mutate(ctx, { action: 'version:register', load: (tx) => load(tx, fields.modelId) }, async (tx, model) => {
    const now = ctx.clock.now()
    const { runOwner, ...rest } = fields
    const row: NewVersion = {
      ...rest,
      id: newId('version', now),
      workspaceId: model.workspaceId,
      createdAt: now,
      createdBy: ctx.actorId,
      runOwner: runOwner ? await knownIdentity(tx, runOwner) : null,
    }
    if (!(await insertVersion(tx, row))) {
      throw problem('conflict', `${model.name} has a version ${fields.version} already. Choose the next number.`, {
        version: fields.version,
      })
    }
    const value: VersionView = {
      ...rest,
      id: row.id,
      modelName: model.name,
      createdAt: now,
      createdBy: { id: ctx.actorId, name: ctx.actor.name },
    }
    const after = {
      model: model.name,
      version: row.version,
      digest: row.digest,
      artifactUri: row.artifactUri,
      evaluation: row.evaluation,
      runOwner,
    }
    const resource = { kind: 'version', id: row.id, name: `${model.name}@${row.version}` }
    return { value, audit: { resource, after, because: 'A new version was submitted.' } }
  })
}

async function load(tx: Tx, modelId: string) {
  const subject = await lockModel(tx, modelId)
  return subject && { subject, resource: resourceOf(subject), name: subject.name }
}

function resourceOf(model: ModelRow) {
  return { kind: 'model', id: model.id, workspaceId: model.workspaceId, labels: model.labels }
}

async function knownIdentity(tx: Tx, who: { issuer: string; subject: string }): Promise<string> {
  const row = await selectIdentityId(tx, who.issuer, who.subject)
  if (!row) {
    throw problem('invalid', 'runOwner: nobody with this issuer and subject is known here', {
      errors: [{ path: 'runOwner', message: 'give them a role or let them sign in first' }],
    })
  }
  return row.id
}
