import { readConfig } from '#lib/platform/config.ts'
import { openRole } from '#lib/system/installation.ts'

/** `quarterdeck migrate`: every role does the same at its start; this is for whoever wants it as a step of its own. */
export async function runMigrate(): Promise<void> {
  const { close } = await openRole(readConfig(), 'migrate', { outside: false })
  await close()
  process.stdout.write('The schema is up to date.\n')
}
