import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { problem } from '#lib/platform/errors.ts'
import { BindRoleInput } from './model.ts'
import { insertBinding } from './queries-bindings.ts'
import { ensureIdentity } from './queries.ts'

/**
 * Gives a person or service a role in this workspace. @throws `forbidden` for a role of one's own, which another admin
 * gives; `conflict` when the same binding exists
 */
export async function bindRole(ctx: Ctx, input: BindRoleInput): Promise<{ bindingId: string; identityId: string }> {
  const { issuer, subject, name, kind, role, environment, label } = parseInput(BindRoleInput, input)
  const here = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  return mutate(
    ctx,
    { action: 'member:bind', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      const identityId = await ensureIdentity(tx, { issuer, subject, name, kind }, now)
      await refuseOwn(tx, ctx, identityId, role)
      const bindingId = newId('binding', now)
      const scope = { role, environment, label }
      const binding = { id: bindingId, workspaceId: ctx.workspaceId, identityId, ...scope, createdBy: ctx.actorId, now }
      if (!(await insertBinding(tx, binding)))
        throw problem('conflict', `${name} holds the role ${role} in that scope already.`, { role })
      const after = { issuer, subject, role, environment, label }
      return {
        value: { bindingId, identityId },
        audit: { resource: { kind: 'binding', id: bindingId, name }, after, because: 'asked for' },
      }
    },
  )
}

// By person: also not to another identity of the caller's.
async function refuseOwn(tx: Tx, ctx: Ctx, identityId: string, role: string): Promise<void> {
  const persons = await selectPersonIds(tx, ctx.workspaceId, [identityId, ctx.actorId])
  if (persons.get(identityId) === persons.get(ctx.actorId))
    throw problem('forbidden', 'Nobody gives a role to themselves: ask another admin.', { role })
}
