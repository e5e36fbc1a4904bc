import { connection } from 'next/server'
import { ensureDefaultWorkspace } from '#lib/members/ensure-default-workspace.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import { openRole } from '#lib/system/installation.ts'

type Opening = { system: Promise<System> | undefined }

/**
 * The system of the web role: opened once a process, whichever of Next's module copies asks first. An opening that failed
 * is tried again by the next request, so that a database that was away does not need a restart.
 */
export async function webSystem(): Promise<System> {
  // Pages and routes that need it are never prerendered: at build time there is no database.
  await connection()
  const opening = processSingleton<Opening>('web-system', () => ({ system: undefined }))
  opening.system ??= openRole(readConfig(), 'web', { outside: false }).then(
    async ({ system }) => {
      // Local people have somewhere to be; without them workspaces are made by whoever administers the installation.
      await ensureDefaultWorkspace(system)
      return system
    },
    (error: unknown) => {
      opening.system = undefined
      throw error
    },
  )
  return opening.system
}
