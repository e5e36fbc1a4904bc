import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { ensurePersonaWorkspace } from './ensure-persona-workspace.ts'
import { givePersonasRoles } from './give-personas-roles.ts'
import { personas } from './model.ts'

/**
 * An empty workspace for own work, with the local personas in their roles. The one who administers also gets hers in the
 * installation's own workspace, where workspaces are made and sign-ins are recorded. Where personas are off it does nothing.
 */
export async function ensureDefaultWorkspace(system: System): Promise<void> {
  if (!system.config.personas) return
  await ensurePersonaWorkspace(system, { name: 'default', title: 'My models', demo: false })
  await givePersonasRoles(
    system,
    rootWorkspaceId,
    personas.filter((p) => p.roles.includes('admin')),
  )
}
