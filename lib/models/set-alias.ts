import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { SetAliasInput } from './model.ts'
import { lockModel, selectAlias, selectVersion, upsertAlias } from './queries.ts'

/**
 * Moves an alias of the builtin registry, only from the version that the writer last read.
 * @throws `conflict` with what the alias names now when it is another one; nothing is written
 */
export async function setAlias(ctx: Ctx, input: SetAliasInput): Promise<{ before: string | null; versionId: string }> {
  const { modelId, alias, versionId, expectedVersionId, reason } = parseInput(SetAliasInput, input)
  return mutate(ctx, { action: 'alias:set', load: (tx) => load(tx, modelId) }, async (tx, model) => {
    const version = await selectVersion(tx, versionId)
    if (version?.modelId !== modelId) throw problem('not-found', `${model.name} has no such version.`)
    const before = (await selectAlias(tx, modelId, alias))?.version_id ?? null
    if (before !== expectedVersionId) {
      throw problem('conflict', `The alias ${alias} has been moved meanwhile. Read it again.`, { observed: before })
    }
    await upsertAlias(tx, { modelId, alias, versionId, now: ctx.clock.now() })
    const resource = { kind: 'alias', id: `${modelId}/${alias}`, name: `${model.name}@${alias}` }
    return {
      value: { before, versionId },
      audit: {
        resource,
        before: { versionId: before },
        after: { versionId, version: version.version },
        because: reason,
      },
    }
  })
}

async function load(tx: Tx, modelId: string) {
  const subject = await lockModel(tx, modelId)
  return (
    subject && {
      subject,
      resource: { kind: 'model', id: subject.id, workspaceId: subject.workspaceId, labels: subject.labels },
      name: subject.name,
    }
  )
}
