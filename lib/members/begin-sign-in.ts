import { signInIssuers } from '#lib/access/issuers.ts'
import { authorizationUrl, newAttempt } from '#lib/access/oidc-client.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { safeReturnTo, sealState } from './sign-in-state.ts'

/**
 * Begins a sign-in with one of the identity providers: where to send the browser, and what it must bring back in a cookie.
 * With `confirms` it is the step-up of somebody who is signed in: they prove again who they are.
 * @throws `not-found` for a provider that is none, `unavailable` when it does not answer
 */
export async function beginSignIn(
  system: System,
  input: { issuer: string; returnTo?: string | null | undefined; confirms?: { identityId: string } | undefined },
): Promise<{ redirectTo: string; cookie: string }> {
  const issuer = signInIssuers(system).find((i) => i.name === input.issuer)
  if (!issuer) throw problem('not-found', 'There is no such way to sign in here.')
  const attempt = newAttempt(input.confirms !== undefined)
  const url = await authorizationUrl(system, issuer, attempt)
  const cookie = sealState(system.secrets, {
    ...attempt,
    issuer: issuer.name,
    identityId: input.confirms?.identityId ?? null,
    returnTo: safeReturnTo(input.returnTo),
    startedAtMs: system.clock.now().getTime(),
  })
  return { redirectTo: url.href, cookie }
}
