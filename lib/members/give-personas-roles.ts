import { personaIssuer } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { bindRole } from './bind-role.ts'
import type { Persona } from './model.ts'
import { orTheirs } from './or-theirs.ts'
import { selectBindingsEver } from './queries.ts'

/** Gives these personas their roles in a workspace, each role that it never had there. */
export async function givePersonasRoles(system: System, id: string, to: readonly Persona[]): Promise<void> {
  const given = await selectBindingsEver(system.db, id, personaIssuer)
  for (const { subject, name, roles } of to) {
    for (const role of roles) {
      if (given.some((b) => b.subject === subject && b.role === role)) continue
      await orTheirs(bindRole(systemCtx(system, id), { issuer: personaIssuer, subject, name, role }))
    }
  }
}
