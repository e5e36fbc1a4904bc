import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { BindGroupInput } from './model-roles.ts'
import { insertGroupBinding } from './queries-bindings.ts'
import { selectInGroup } from './queries-roles.ts'

/**
 * Gives everybody of an issuer's group a role in this workspace, as far as their sign-ins say that they are in it.
 * @throws `forbidden` for a group that the caller is in (nobody gives a role to themselves), `conflict` when the group has
 * that role in that scope already
 */
export async function bindGroup(ctx: Ctx, input: BindGroupInput): Promise<{ bindingId: string }> {
  const { issuer, group, role, environment, label } = parseInput(BindGroupInput, input)
  const { workspaceId } = ctx
  const here = { kind: 'workspace', id: workspaceId, workspaceId }
  return mutate(
    ctx,
    { action: 'member:bind', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      if (await isIn(tx, ctx, { issuer, group }))
        throw problem('forbidden', `You are in the group ${group}: a role of yours is given by another admin.`, {
          role,
        })
      const bindingId = newId('groupBinding', now)
      const scope = { role, environment, label }
      const binding = { id: bindingId, workspaceId, issuer, group, ...scope, createdBy: ctx.actorId, now }
      if (!(await insertGroupBinding(tx, binding)))
        throw problem('conflict', `The group ${group} has the role ${role} in that scope already.`, { role })
      return {
        value: { bindingId },
        audit: {
          resource: { kind: 'group-binding', id: bindingId, name: group },
          after: { issuer, group, ...scope },
          because: 'asked for',
        },
      }
    },
  )
}

// By person: also when it is another identity of the caller that is in it.
async function isIn(tx: Tx, ctx: Ctx, of: { issuer: string; group: string }): Promise<boolean> {
  const members = (await selectInGroup(tx, of)).map((m) => m.identityId)
  const persons = await selectPersonIds(tx, ctx.workspaceId, [...members, ctx.actorId])
  return members.some((id) => persons.get(id) === persons.get(ctx.actorId))
}
