import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { CreateEnvironmentInput, type EnvironmentView } from './model.ts'
import { insertEnvironment } from './queries.ts'

/** Creates an environment, such as production. In a protected one nothing serves without an approval. */
export async function createEnvironment(ctx: Ctx, input: CreateEnvironmentInput): Promise<EnvironmentView> {
  const fields = parseInput(CreateEnvironmentInput, input)
  const resource = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId, environment: fields.name }
  return mutate(
    ctx,
    { action: 'environment:create', load: () => Promise.resolve({ subject: fields, resource }) },
    async (tx) => {
      const id = await insertEnvironment(tx, { workspaceId: ctx.workspaceId, ...fields, now: ctx.clock.now() })
      if (!id) throw problem('conflict', `There is an environment named ${fields.name} already.`, { name: fields.name })
      return {
        value: { id, ...fields },
        audit: { resource: { kind: 'environment', id, name: fields.name }, after: fields, because: 'asked for' },
      }
    },
  )
}
