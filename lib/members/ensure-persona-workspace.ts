import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { createWorkspace } from './create-workspace.ts'
import { givePersonasRoles } from './give-personas-roles.ts'
import { personas } from './model.ts'
import { orTheirs } from './or-theirs.ts'
import { selectWorkspace } from './queries.ts'

/**
 * Makes a workspace and gives the local personas their roles there, as far as that was not done before; returns its id. A
 * role that was taken away stays away.
 */
export async function ensurePersonaWorkspace(
  system: System,
  workspace: { name: string; title: string; demo: boolean },
): Promise<string> {
  const existing = await selectWorkspace(system.db, workspace.name)
  const { id } =
    existing ?? (await orTheirs(createWorkspace(systemCtx(system), workspace))) ?? (await theirs(system, workspace))
  await givePersonasRoles(system, id, personas)
  return id
}

async function theirs(system: System, { name }: { name: string }): Promise<{ id: string }> {
  const found = await selectWorkspace(system.db, name)
  if (!found) throw new Error(`the workspace ${name} could be neither made nor found`)
  return found
}
