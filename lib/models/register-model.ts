import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { RegisterModelInput, type ModelView } from './model.ts'
import { insertModel } from './queries.ts'

/** Registers a model: a name under which versions are submitted. @throws `conflict` when the name is taken */
export async function registerModel(ctx: Ctx, input: RegisterModelInput): Promise<ModelView> {
  const fields = parseInput(RegisterModelInput, input)
  const resource = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId, labels: fields.labels }
  return mutate(
    ctx,
    { action: 'model:register', load: () => Promise.resolve({ subject: fields, resource }) },
    async (tx) => {
      const now = ctx.clock.now()
      const view: ModelView = { id: newId('model', now), ...fields, createdAt: now }
      const isNew = await insertModel(tx, { ...view, workspaceId: ctx.workspaceId, createdBy: ctx.actorId })
      if (!isNew)
        throw problem('conflict', `There is a model named ${fields.name} in this workspace already.`, {
          name: fields.name,
        })
      return {
        value: view,
        audit: {
          resource: { kind: 'model', id: view.id, name: view.name },
          after: fields,
          because: 'A new model was registered.',
        },
      }
    },
  )
}
