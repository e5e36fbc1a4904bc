import { readRulesText, rulesAt, type RulesText } from '#lib/access/current.ts'
import { buildAccessRules } from '#lib/access/rules.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { selectAccessRules, replaceAccessRules } from './queries-access-rules.ts'

/**
 * Puts the text of the access rules in force for every process, as the next version, and adopts it; the same text again
 * changes nothing. The text is built and tested first.
 * @returns the version in force, and whether it is a new one
 * @throws what is wrong with the text; nothing was changed then
 */
export async function publishAccessRules(
  system: System,
  text?: RulesText,
): Promise<{ version: bigint; digest: string; isNew: boolean }> {
  const { model, policy } = text ?? (await readRulesText())
  const { digest } = await buildAccessRules(model, policy)
  const here = { kind: 'workspace', id: rootWorkspaceId, workspaceId: rootWorkspaceId }
  const present = await selectAccessRules(system.db)
  if (present?.digest === digest) {
    await rulesAt(system, present.version)
    return { version: present.version, digest, isNew: false }
  }
  const version = await mutate(
    systemCtx(system),
    { action: 'access:load', load: () => Promise.resolve({ subject: here, resource: here }) },
    async (tx) => {
      const before = await selectAccessRules(tx)
      const next = await replaceAccessRules(tx, { digest, model, policy, now: system.clock.now() })
      return {
        value: next,
        audit: {
          resource: { kind: 'access-rules', id: next.toString() },
          ...(before ? { before: { version: before.version.toString(), digest: before.digest } } : {}),
          after: { version: next.toString(), digest },
          because: 'The rules of policies/access were loaded.',
          policies: [digest],
        },
      }
    },
  )
  await rulesAt(system, version)
  return { version, digest, isNew: true }
}
