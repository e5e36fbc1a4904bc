import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { loadRegistry } from './load-registry.ts'
import { can, ChooseModelsInput } from './model.ts'
import { makeScanDue } from './queries.ts'
import { markChosen } from './queries-mirror.ts'

/**
 * Chooses models of a registry that shall be here: the worker imports every version of them, now and as they come. To
 * choose a model again does nothing.
 * @throws `invalid` when a name is none that was seen there, `conflict` when the connection was disabled
 */
export async function chooseModels(ctx: Ctx, input: ChooseModelsInput): Promise<{ id: string; chosen: string[] }> {
  const { registryId: id, models } = parseInput(ChooseModelsInput, input)
  return mutate(ctx, { action: 'registry:choose', load: (tx) => loadRegistry(tx, id) }, async (tx, registry) => {
    const may = can.choose(registry.state)
    if (!may.allowed) throw problem('conflict', `Nothing can be imported: ${may.because}.`, { state: registry.state })
    const chosen = await markChosen(tx, id, models, ctx.actorId)
    const unknown = models.filter((name) => !chosen.includes(name))
    if (unknown.length > 0) {
      throw problem('invalid', `models: ${registry.name} shows no model named ${unknown.slice(0, 5).join(', ')}`, {
        errors: [{ path: 'models', message: 'must be names that the registry shows' }],
        unknown: unknown.slice(0, 20),
      })
    }
    await makeScanDue(tx, id, ctx.clock.now(), undefined)
    return {
      value: { id, chosen },
      audit: { after: { models: chosen }, because: 'Models of a registry were chosen to be here.' },
      wake: ['registries'],
    }
  })
}
