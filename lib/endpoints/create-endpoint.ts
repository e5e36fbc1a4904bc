import { findEnvironment, findModel } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { CreateEndpointInput } from './model.ts'
import { insertEndpoint } from './queries.ts'

/** Creates an endpoint: where one model serves in one environment. Nothing serves until a version is deployed to it. */
export async function createEndpoint(ctx: Ctx, input: CreateEndpointInput): Promise<{ id: string; name: string }> {
  const fields = parseInput(CreateEndpointInput, input)
  return mutate(
    ctx,
    {
      action: 'endpoint:create',
      load: async (tx) => {
        const [model, environment] = [
          await findModel(tx, fields.modelId),
          await findEnvironment(tx, fields.environmentId),
        ]
        if (!model || environment?.workspaceId !== ctx.workspaceId) return undefined
        const resource = {
          kind: 'model',
          id: model.id,
          workspaceId: model.workspaceId,
          environment: environment.name,
          labels: model.labels,
        }
        return { subject: { model, environment }, resource, name: model.name }
      },
    },
    async (tx, { model, environment }) => {
      const now = ctx.clock.now()
      const id = newId('endpoint', now)
      const isNew = await insertEndpoint(tx, {
        id,
        workspaceId: ctx.workspaceId,
        ...fields,
        createdBy: ctx.actorId,
        now,
      })
      if (!isNew)
        throw problem('conflict', `There is an endpoint named ${fields.name} in this workspace already.`, {
          name: fields.name,
        })
      const after = {
        name: fields.name,
        model: model.name,
        environment: environment.name,
        cluster: fields.cluster,
        rolloutPolicy: fields.rolloutPolicy,
      }
      return {
        value: { id, name: fields.name },
        audit: { resource: { kind: 'endpoint', id, name: fields.name }, after, because: 'asked for' },
        wake: ['endpoints'],
      }
    },
  )
}
