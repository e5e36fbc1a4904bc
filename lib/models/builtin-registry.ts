import type { System } from '#lib/platform/context.ts'
import { workerCtx } from '#lib/platform/call.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { RegistryPort } from '#lib/platform/ports/registry.ts'
import { selectAlias, selectModelByName, selectVersion } from './queries.ts'
import { setAlias } from './set-alias.ts'

/**
 * The registry that Quarterdeck is itself: aliases of versions in its own tables, versions named by their ids. Its write
 * is conditional, so nobody is overwritten unseen.
 */
export function builtinRegistry(system: () => System, workspaceId: string): RegistryPort {
  const aliasOf = async (modelName: string, alias: string) => {
    const { db } = system()
    const model = await selectModelByName(db, workspaceId, modelName)
    return model && { model, versionId: (await selectAlias(db, model.id, alias))?.version_id ?? null }
  }
  return {
    async readAlias(modelName, alias) {
      const found = await aliasOf(modelName, alias)
      if (!found) return { kind: 'absent', because: `there is no model named ${modelName}` }
      return { kind: 'observed', version: found.versionId }
    },
    async writeAlias(modelName, alias, version, { expected }) {
      const found = await aliasOf(modelName, alias)
      if (!found) return { kind: 'absent', because: `there is no model named ${modelName}` }
      if (version === null) return { kind: 'refused', because: 'an alias in service is moved, not removed' }
      if (found.versionId === version)
        return { kind: 'written', before: found.versionId, readBack: version, conditional: true }
      if ((await selectVersion(system().db, version))?.modelId !== found.model.id)
        return { kind: 'absent', because: 'there is no such version' }
      try {
        const ctx = workerCtx(system(), workspaceId)
        const input = {
          modelId: found.model.id,
          alias,
          versionId: version,
          expectedVersionId: expected,
          reason: 'asked for by a rollout plan',
        }
        const { before } = await setAlias(ctx, input)
        const readBack = (await aliasOf(modelName, alias))?.versionId ?? null
        return readBack === version
          ? { kind: 'written', before, readBack, conditional: true }
          : { kind: 'overwritten', before, readBack }
      } catch (error) {
        if (!isProblem(error, 'conflict')) throw error
        return { kind: 'conflict', observed: (await aliasOf(modelName, alias))?.versionId ?? null }
      }
    },
  }
}
