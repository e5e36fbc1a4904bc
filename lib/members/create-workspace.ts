import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId, workerIdentityId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { WorkspaceInput } from './model.ts'
import { selectWorkspace } from './queries.ts'

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
      if (await selectWorkspace(tx, name))
        throw problem('conflict', `There is a workspace named ${name} already.`, { name })
      const id = newId('workspace', now)
      await tx.insertInto('workspace').values({ id, name, title, demo, created_at: now }).execute()
      const binding = {
        workspace_id: id,
        environment: null,
        label: null,
        created_at: now,
        created_by: ctx.actorId,
        revoked_at: null,
      }
      await tx
        .insertInto('role_binding')
        .values([
          { id: newId('binding', now), identity_id: ctx.actorId, role: 'admin', ...binding },
          { id: newId('binding', now), identity_id: workerIdentityId, role: 'worker', ...binding },
        ])
        .execute()
      return {
        value: { id, name },
        audit: { resource: { kind: 'workspace', id, name }, after: { name, title, demo }, because: 'asked for' },
      }
    },
  )
}
