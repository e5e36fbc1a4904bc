import { personaIssuer } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { bindRole } from './bind-role.ts'
import { createWorkspace } from './create-workspace.ts'
import { personas, type Persona } from './model.ts'
import { selectBindingsEver, selectWorkspace } from './queries.ts'

/**
 * Makes a workspace and gives the local personas their roles there, as far as that was not done before; returns its id. A
 * role that was taken away stays away.
 */
export async function ensurePersonaWorkspace(
  system: System,
  workspace: { name: string; title: string; demo: boolean },
): Promise<string> {
  const existing = await selectWorkspace(system.db, workspace.name)
  const { id } = existing ?? (await createWorkspace(systemCtx(system), workspace))
  await givePersonasRoles(system, id, personas)
  return id
}

/** Gives these personas their roles in a workspace, each role that it never had there. */
export async function givePersonasRoles(system: System, id: string, to: readonly Persona[]): Promise<void> {
  const given = await selectBindingsEver(system.db, id, personaIssuer)
  for (const { subject, name, roles } of to) {
    for (const role of roles) {
      if (given.some((b) => b.subject === subject && b.role === role)) continue
      await bindRole(systemCtx(system, id), { issuer: personaIssuer, subject, name, role })
    }
  }
}
