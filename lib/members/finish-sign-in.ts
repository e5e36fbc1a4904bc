import { createHash, randomBytes } from 'node:crypto'
import { mayRecordDenial } from '#lib/access/denials.ts'
import type { ClaimedIdentity } from '#lib/access/issuer-claims.ts'
import { signInIssuers } from '#lib/access/issuers.ts'
import { exchangeCode } from '#lib/access/oidc-client.ts'
import { appendEntry } from '#lib/audit/append.ts'
import { rootWorkspaceId, type Actor } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { seal } from '#lib/platform/seal.ts'
import { admitIdentity } from './admit-identity.ts'
import { endSession, insertSession } from './queries-credentials.ts'
import { useState } from './queries-sessions.ts'
import { sessionIdOf, sessionSeconds } from './sign-in-as-persona.ts'
import { openState, signInSeconds, type SignInState } from './sign-in-state.ts'

export type Returned = {
  /** The query that the browser came back with, without `?`. */
  query: string
  /** What it kept since `beginSignIn`. */
  stateCookie: string | undefined
  /** The session that it has now, if any: it ends with this sign-in. */
  sessionCookie: string | undefined
  agent: string | undefined
  requestId: string
}

/**
 * Ends a sign-in that a browser came back from: a new session, whose cookie is returned once, in place of the one it had.
 * A confirmation must be of the same person and fresh. Success and failure are entries in the audit log.
 * @throws `forbidden` with what did not fit; no session was made
 */
export async function finishSignIn(
  system: System,
  returned: Returned,
): Promise<{ cookie: string; returnTo: string; identityId: string }> {
  const ctx: Ctx = { ...systemCtx(system), requestId: returned.requestId }
  let issuerName = 'unknown'
  try {
    const { state, identity, idToken } = await proved(system, returned, (name) => (issuerName = name))
    const { actor, actorId } = await admitIdentity(system, identity, 'console')
    checkConfirmed(state, actorId, identity.authTime)
    const cookie = randomBytes(32).toString('base64url')
    await startSession({ ...ctx, actor, actorId }, { state, cookie, idToken, returned, actor })
    system.notify(['audit'])
    return { cookie, returnTo: state.returnTo, identityId: actorId }
  } catch (error) {
    if (isProblem(error)) await recordFailure(ctx, issuerName, error.message)
    throw error
  }
}

async function proved(
  system: System,
  returned: Returned,
  named: (issuer: string) => void,
): Promise<{ state: SignInState; identity: ClaimedIdentity; idToken: string }> {
  const now = system.clock.now()
  const sent = new URLSearchParams(returned.query).get('state')
  const state = openState(system.secrets, returned.stateCookie, sent, now)
  named(state.issuer)
  const issuer = signInIssuers(system).find((i) => i.name === state.issuer)
  if (!issuer) throw problem('forbidden', 'This way to sign in is not configured any more.')
  const digest = createHash('sha256').update(state.state).digest('hex')
  const until = new Date(now.getTime() + 2 * signInSeconds * 1000)
  if (!(await housekeep(system, 'session', (tx) => useState(tx, digest, now, until))))
    throw problem('forbidden', 'This sign-in was finished already. Begin another.')
  return { state, ...(await exchangeCode(system, issuer, state, returned.query)) }
}

function checkConfirmed(state: SignInState, identityId: string, authTime: Date | null): void {
  if (!state.reauthenticate) return
  if (state.identityId !== identityId)
    throw problem(
      'forbidden',
      'Somebody else confirmed than who is signed in here. Sign out first to change who you are.',
    )
  // A minute for the difference of the two clocks.
  if (authTime && authTime.getTime() < state.startedAtMs - 60_000)
    throw problem('forbidden', 'The identity provider did not ask you again, so this confirms nothing.')
}

async function startSession(
  ctx: Ctx,
  of: { state: SignInState; cookie: string; idToken: string; returned: Returned; actor: Actor },
): Promise<void> {
  const { state, returned, actor } = of
  const now = ctx.clock.now()
  const id = sessionIdOf(of.cookie)
  const expiresAt = new Date(now.getTime() + sessionSeconds * 1000)
  await housekeep(ctx, 'session', async (tx) => {
    if (returned.sessionCookie !== undefined) await endSession(tx, sessionIdOf(returned.sessionCookie), now)
    await insertSession(tx, {
      id,
      identityId: ctx.actorId,
      now,
      expiresAt,
      authTime: actor.authTime ?? null,
      issuerName: state.issuer,
      sealedIdToken: seal(ctx.secrets, id, of.idToken),
      agent: returned.agent?.slice(0, 300) ?? null,
    })
    const done = state.reauthenticate ? 'confirmed who they are' : 'signed in'
    await appendEntry(
      tx,
      { ...ctx, workspaceId: rootWorkspaceId },
      {
        action: state.reauthenticate ? 'session:confirm' : 'session:start',
        resource: { kind: 'session', id: id.slice(0, 16) },
        outcome: 'done',
        after: { issuer: state.issuer, authTime: actor.authTime ?? null },
        because: `${done} with ${state.issuer}`,
      },
    )
  })
}

// By the system, as nobody was recognised; a few a minute, so that nobody fills the log by failing.
async function recordFailure(ctx: Ctx, issuer: string, because: string): Promise<void> {
  if (!mayRecordDenial({ ...ctx, actorId: `sign-in:${issuer}` })) return
  await housekeep(ctx, 'session', (tx) =>
    appendEntry(tx, ctx, {
      action: 'session:refuse',
      resource: { kind: 'issuer', id: issuer },
      outcome: 'denied',
      because,
    }),
  )
  ctx.notify(['audit'])
}
