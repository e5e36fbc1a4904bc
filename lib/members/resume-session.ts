import { signInIssuers } from '#lib/access/issuers.ts'
import { personaIssuer, type Actor } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { touchSession } from './queries-credentials.ts'
import { selectSession } from './queries.ts'
import { sessionIdleSeconds, sessionIdOf } from './sign-in-as-persona.ts'

const touchSeconds = 60

/** Who a session cookie stands for, or undefined when it is unknown, ended, idle for too long or too old. */
export async function resumeSession(
  system: System,
  cookie: string,
): Promise<{ actor: Actor; actorId: string } | undefined> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(cookie)) return undefined
  const row = await selectSession(system.db, sessionIdOf(cookie))
  if (!row || row.revoked_at !== null) return undefined
  // Personas need no password: where they are switched off, what they began before ends too.
  if (row.issuer === personaIssuer && !system.config.personas) return undefined
  // So do sessions of an identity provider that is trusted no more.
  if (row.issuer_name !== null && !signInIssuers(system).some((i) => i.name === row.issuer_name)) return undefined
  const now = system.clock.now()
  const idleSeconds = (now.getTime() - row.seen_at.getTime()) / 1000
  if (row.expires_at <= now || idleSeconds > sessionIdleSeconds) return undefined
  if (idleSeconds > touchSeconds) {
    await housekeep(system, 'session', (tx) => touchSession(tx, row.id, now))
  }
  return {
    actor: {
      issuer: row.issuer,
      subject: row.subject,
      kind: row.kind,
      name: row.name,
      via: 'console',
      ...(row.auth_time && { authTime: row.auth_time }),
    },
    actorId: row.identityId,
  }
}
