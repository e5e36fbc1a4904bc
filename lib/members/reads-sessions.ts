import type { Ctx, System } from '#lib/platform/context.ts'
import { signInIssuers } from '#lib/access/issuers.ts'
import { selectLiveSessions, selectSessionIssuer } from './queries-sessions.ts'
import { sessionIdleSeconds, sessionIdOf } from './sign-in-as-persona.ts'

export type SessionView = {
  id: string
  startedAt: Date
  seenAt: Date
  endsAt: Date
  /** What the browser said of itself at sign-in. */
  agent: string | null
  /** The way that was signed in by; null for a local persona. */
  issuer: string | null
  authTime: Date | null
}

/** The caller's own sessions that have not ended, newest first, at most a hundred. Nobody else's are ever shown. */
export async function listSessions(ctx: Ctx): Promise<SessionView[]> {
  const now = ctx.clock.now()
  const idleSince = new Date(now.getTime() - sessionIdleSeconds * 1000)
  const rows = await selectLiveSessions(ctx.db, ctx.actorId, now, idleSince)
  return rows.map((row) => ({
    id: row.id,
    startedAt: row.created_at,
    seenAt: row.seen_at,
    endsAt: row.expires_at,
    agent: row.agent,
    issuer: row.issuer_name,
    authTime: row.auth_time,
  }))
}

/** The ways to sign in here, by the names for a page. They are on the sign-in page: no authorisation. */
export function waysToSignIn(system: Pick<System, 'config'>): { name: string; title: string }[] {
  return signInIssuers(system).map(({ name, title }) => ({ name, title: title ?? name }))
}

/** The way that a session was signed in by; undefined for a local persona's, and without one. */
export async function issuerOfSession(
  system: Pick<System, 'db'>,
  cookie: string | undefined,
): Promise<string | undefined> {
  if (cookie === undefined) return undefined
  return (await selectSessionIssuer(system.db, sessionIdOf(cookie)))?.issuerName ?? undefined
}
