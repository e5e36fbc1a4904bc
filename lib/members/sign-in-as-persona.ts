import { createHash, randomBytes } from 'node:crypto'
import { appendEntry } from '#lib/audit/append.ts'
import { personaIssuer, rootWorkspaceId } from '#lib/platform/actor.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { problem } from '#lib/platform/errors.ts'
import { personas } from './model.ts'
import { insertSession } from './queries-credentials.ts'
import { ensureIdentity, refreshName } from './queries.ts'

export const sessionIdleSeconds = 8 * 3600
export const sessionSeconds = 24 * 3600

/**
 * Signs a local persona in: a new session row and its audit entry in one transaction. The cookie's value is returned
 * once; the table holds its SHA-256.
 * @throws `forbidden` where personas are off, `invalid` for a name that is none
 */
export async function signInAsPersona(
  system: System,
  subject: string,
  requestId?: string,
): Promise<{ cookie: string; identityId: string }> {
  if (!system.config.personas)
    throw problem('forbidden', 'Local personas are off here: sign in with your identity provider.')
  const persona = personas.find((p) => p.subject === subject)
  if (!persona)
    throw problem('invalid', `There is no persona named ${subject}.`, { personas: personas.map((p) => p.subject) })
  const cookie = randomBytes(32).toString('base64url')
  const now = system.clock.now()
  const identityId = await housekeep(system, 'session', async (tx) => {
    const who = { issuer: personaIssuer, subject, name: persona.name, kind: 'person' as const }
    const id = await ensureIdentity(tx, who, now)
    await refreshName(tx, id, who.name)
    const ctx = {
      ...system,
      actor: { ...who, via: 'console' as const },
      actorId: id,
      workspaceId: rootWorkspaceId,
      requestId: requestId ?? newRequestId(system),
    }
    const sessionId = sessionIdOf(cookie)
    const expiresAt = new Date(now.getTime() + sessionSeconds * 1000)
    await insertSession(tx, { id: sessionId, identityId: id, now, expiresAt })
    const resource = { kind: 'session', id: sessionId.slice(0, 16) }
    await appendEntry(tx, ctx, {
      action: 'session:start',
      resource,
      outcome: 'done',
      because: 'signed in as a local persona',
    })
    return id
  })
  system.notify(['audit'])
  return { cookie, identityId }
}

/** The row that a cookie's value stands for. */
export function sessionIdOf(cookie: string): string {
  return createHash('sha256').update(cookie).digest('hex')
}
