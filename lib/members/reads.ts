import { accessDecision, authorizeRead } from '#lib/access/authorize.ts'
import type { Action } from '#lib/access/actions.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { personaIssuer, rootWorkspaceId } from '#lib/platform/actor.ts'
import { selectIdentity, selectMembers, selectWorkspace, selectWorkspacesOf } from './queries.ts'

export type WorkspaceView = { id: string; name: string; title: string; demo: boolean }

/** The workspaces in which somebody holds a role: what they may switch between. */
export function workspacesOf(system: Pick<System, 'db' | 'clock'>, identityId: string): Promise<WorkspaceView[]> {
  return selectWorkspacesOf(system.db, identityId, system.clock.now())
}

/**
 * The workspace that a caller means: the named one, or the only one they have a role in besides the installation's own.
 * @throws `not-found` for one they have no role in (its existence is not told), `invalid` when a name is needed
 */
export async function resolveWorkspace(
  system: Pick<System, 'db' | 'clock'>,
  identityId: string,
  named: string | undefined,
): Promise<WorkspaceView> {
  const mine = await workspacesOf(system, identityId)
  if (named !== undefined) {
    const found = mine.find((w) => w.id === named || w.name === named)
    if (!found) throw problem('not-found', `You have no role in a workspace named ${named.slice(0, 60)}.`)
    return found
  }
  const working = mine.filter((w) => w.id !== rootWorkspaceId)
  const [only, ...more] = working.length > 0 ? working : mine
  if (!only) throw problem('forbidden', 'You have no role in any workspace. Ask an admin for one.')
  if (more.length > 0) {
    throw problem('invalid', 'Say which workspace you mean, in the header quarterdeck-workspace.', {
      workspaces: mine.map((w) => w.name),
    })
  }
  return only
}

/** Everyone with a role here, and the role. */
export async function listMembers(ctx: Ctx) {
  await authorizeRead(ctx, 'member:read')
  return selectMembers(ctx.db, ctx.workspaceId, ctx.clock.now())
}

/** For a control that is shown to be disabled: may the caller do this here, by which rule, and if not, who may? */
export function whetherAllowed(
  ctx: Ctx,
  action: Action,
  scope: { environment?: string; labels?: readonly string[] } = {},
) {
  return accessDecision(ctx, ctx.db, action, {
    kind: 'workspace',
    id: ctx.workspaceId,
    workspaceId: ctx.workspaceId,
    ...scope,
  })
}

/** A workspace by name or id, for the installation's own use (start, CLI). */
export function findWorkspace(system: Pick<System, 'db' | 'clock'>, nameOrId: string) {
  return selectWorkspace(system.db, nameOrId)
}

/** A local persona's identity, for the installation's own use; undefined before anybody gave them a role. */
export function findPersona(system: Pick<System, 'db' | 'clock'>, subject: string) {
  return selectIdentity(system.db, personaIssuer, subject)
}
