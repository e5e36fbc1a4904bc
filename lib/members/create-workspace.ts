import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId, workerIdentityId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { WorkspaceInput } from './model.ts'
import { insertBinding } from './queries-bindings.ts'
import { insertWorkspace } from './queries-credentials.ts'

/**
 * Creates a workspace. An act in the installation's own workspace; whoever creates it becomes its admin, and the worker
 * gets its role there. @throws `conflict` when the name is taken
 */
export async function createWorkspace(ctx: Ctx, input: WorkspaceInput): Promise<{ id: string; name: string }> {
  const { name, title, demo } = parseInput(WorkspaceInput, input)
  const root = { kind: 'workspace', id: rootWorkspaceId, workspaceId: rootWorkspaceId }
  return mutate(
    ctx,
    { action: 'workspace:create', load: () => Promise.resolve({ subject: root, resource: root }) },
    async (tx) => {
      const now = ctx.clock.now()
      const id = newId('workspace', now)
      if (!(await insertWorkspace(tx, { id, name, title, demo, now })))
        throw problem('conflict', `There is a workspace named ${name} already.`, { name })
      const scope = { workspaceId: id, environment: null, label: null, createdBy: ctx.actorId, now }
      await insertBinding(tx, { ...scope, id: newId('binding', now), identityId: ctx.actorId, role: 'admin' })
      await insertBinding(tx, { ...scope, id: newId('binding', now), identityId: workerIdentityId, role: 'worker' })
      return {
        value: { id, name },
        audit: { resource: { kind: 'workspace', id, name }, after: { name, title, demo }, because: 'asked for' },
      }
    },
  )
}
