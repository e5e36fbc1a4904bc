import { personaIssuer } from '#lib/platform/actor.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { personas } from './model.ts'
import { selectIdentity } from './queries.ts'
import { resolveWorkspace } from './reads.ts'

/**
 * The context of a local persona on the command line, on the same terms as the sign-in page.
 * @throws `forbidden` where personas are off, `not-found` for a name that is none or has never had a role
 */
export async function personaCtx(system: System, subject: string, workspace?: string): Promise<Ctx> {
  if (!system.config.personas)
    throw problem('forbidden', 'Local personas are off here: use a token of your identity provider.')
  const persona = personas.find((p) => p.subject === subject)
  const identity = persona && (await selectIdentity(system.db, personaIssuer, subject))
  if (persona && !identity)
    throw problem('not-found', `${persona.name} has no role in this installation yet: nobody has started it.`)
  if (!persona || !identity)
    throw problem(
      'not-found',
      `There is no persona named ${subject}. There are: ${personas.map((p) => p.subject).join(', ')}.`,
    )
  const { id } = await resolveWorkspace(system, identity.id, workspace)
  const actor = { issuer: personaIssuer, subject, kind: 'person' as const, name: persona.name, via: 'cli' as const }
  return { ...system, actor, actorId: identity.id, workspaceId: id, requestId: newRequestId(system) }
}
