import type { System } from '#lib/platform/context.ts'
import { ensurePersonaWorkspace } from './ensure-persona-workspace.ts'

/** An empty workspace for own work, with the local personas in their roles. Where they are off it does nothing. */
export async function ensureDefaultWorkspace(system: System): Promise<void> {
  if (!system.config.personas) return
  await ensurePersonaWorkspace(system, { name: 'default', title: 'My models', demo: false })
}
