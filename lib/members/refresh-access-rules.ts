import { alarmOfRules, readRulesText, rulesAt, type RulesText } from '#lib/access/current.ts'
import { buildAccessRules } from '#lib/access/rules.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { policyFolder } from '#lib/platform/policy-files.ts'
import { publishAccessRules } from './publish-access-rules.ts'
import { selectAccessRules } from './queries-access-rules.ts'

/** What one process knows of its files: the digest that it published last, and the failure that it told last. */
export type RulesMemory = { digest?: string | undefined; failure?: string | undefined }

/**
 * One look at the rules' files and at the version in force. Files that changed since this process read them last are
 * published; files that cannot be loaded leave everything as it is and raise an alarm: a log line, a metric, and once for
 * each failure an audit entry. Then the version in force is adopted, whoever published it. An older process does not undo
 * what a newer one has published: it publishes what changed, never what merely differs.
 */
export async function refreshAccessRules(
  system: System,
  memory: RulesMemory,
  folder = policyFolder('access'),
): Promise<void> {
  const read = await readAndTest(folder)
  if ('failure' in read) {
    const failure = read.failure.message
    alarmOfRules(system, read.failure)
    if (memory.failure !== failure) await tellFailure(system, failure)
    memory.failure = failure
  } else {
    memory.failure = undefined
    if (memory.digest !== read.digest) await publishAccessRules(system, read.text)
    memory.digest = read.digest
  }
  await rulesAt(system, (await selectAccessRules(system.db))?.version)
}

async function readAndTest(folder: string): Promise<{ text: RulesText; digest: string } | { failure: Error }> {
  try {
    const text = await readRulesText(folder)
    return { text, digest: (await buildAccessRules(text.model, text.policy)).digest }
  } catch (error) {
    return { failure: error instanceof Error ? error : new Error(String(error)) }
  }
}

function tellFailure(system: System, failure: string): Promise<void> {
  const here = { kind: 'access-rules', id: 'files', workspaceId: rootWorkspaceId }
  return mutate(
    systemCtx(system),
    { action: 'access:load', load: () => Promise.resolve({ subject: here, resource: here }) },
    () =>
      Promise.resolve({
        value: undefined,
        audit: {
          outcome: 'found' as const,
          because: `The rules of policies/access could not be loaded, those before them stay: ${failure.slice(0, 500)}`,
        },
      }),
  )
}
