import { errors, jwtVerify, type JWTPayload } from 'jose'
import * as client from 'openid-client'
import { systemClock } from '#lib/platform/clock.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { identityFromClaims, type ClaimedIdentity } from './issuer-claims.ts'
import { isSafeUrl, type OidcIssuer } from './issuer-config.ts'
import { issuerKeys } from './jwks.ts'
import { discoverIssuer } from './oidc-discovery.ts'
import { issuerFetch } from './oidc-fetch.ts'

type Of = Pick<System, 'clock' | 'config' | 'log'>

/** What one attempt to sign in must find again when the browser comes back. */
export type Attempt = { state: string; nonce: string; codeVerifier: string; reauthenticate: boolean }

/** Fresh, unguessable values for an attempt. */
export function newAttempt(reauthenticate: boolean): Attempt {
  const [state, nonce, codeVerifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
  return { state, nonce, codeVerifier, reauthenticate }
}

/** Where issuers send browsers back to. */
export function callbackUrl(config: System['config']): string {
  return `${new URL(config.origin).origin}/sign-in/callback`
}

/**
 * Where to send the browser: authorization code flow with PKCE S256, `state` and `nonce` (OpenID Connect Core 1.0 §3.1,
 * RFC 9700). With `reauthenticate` the person must prove again who they are (`prompt=login`, `max_age=0`).
 */
export async function authorizationUrl(system: Of, issuer: OidcIssuer, attempt: Attempt): Promise<URL> {
  const configuration = await configure(system, issuer)
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: callbackUrl(system.config),
    scope: (issuer.signIn?.scopes ?? ['openid']).join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
    code_challenge_method: 'S256',
    ...(attempt.reauthenticate ? { prompt: 'login', max_age: '0' } : {}),
  })
  if (!isSafeUrl(url.href.split('?')[0] ?? ''))
    throw problem('unavailable', `${issuer.issuer} names an unsafe address.`)
  return url
}

/**
 * Exchanges the code that came back for tokens and reads who it is. openid-client checks state, nonce, PKCE, `iss` of the
 * answer (RFC 9207), `aud` and times of the ID token; its signature is checked here as well, by the pinned algorithms.
 * @throws `forbidden` with the reason when anything does not fit, `unavailable` when the issuer does not answer
 */
export async function exchangeCode(
  system: Of,
  issuer: OidcIssuer,
  attempt: Attempt,
  query: string,
): Promise<{ identity: ClaimedIdentity; idToken: string }> {
  const configuration = await configure(system, issuer)
  const current = new URL(callbackUrl(system.config))
  current.search = query
  try {
    const tokens = await client.authorizationCodeGrant(configuration, current, {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    })
    const idToken = tokens.id_token ?? ''
    const claims = await verifyTokenOf(system, issuer, idToken, issuer.signIn?.clientId)
    const shown = await claimsShown(system, issuer, claims, tokens.access_token)
    return { identity: identityFromClaims(issuer, shown), idToken }
  } catch (error) {
    throw explained(issuer, error)
  }
}

/** Where the issuer ends its own session (RP-Initiated Logout 1.0), or undefined where it offers none or is away. */
export async function logoutUrl(
  system: Of,
  issuer: OidcIssuer,
  idToken: string | undefined,
): Promise<string | undefined> {
  try {
    const configuration = await configure(system, issuer)
    const { end_session_endpoint: end } = configuration.serverMetadata()
    if (end === undefined || !isSafeUrl(end)) return undefined
    return client.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: `${new URL(system.config.origin).origin}/sign-in`,
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    }).href
  } catch (error) {
    // Our own session has ended all the same.
    system.log.warn({ err: error, issuer: issuer.name }, 'the issuer could not be asked where it signs out')
    return undefined
  }
}

async function configure(system: Of, issuer: OidcIssuer): Promise<client.Configuration> {
  const { signIn } = issuer
  if (!signIn) throw problem('invalid', `Nobody signs in with ${issuer.name}: its entry has no signIn.`)
  const metadata = await discoverIssuer(system, issuer)
  const secret = signIn.clientSecret
  const auth =
    secret === undefined
      ? client.None()
      : signIn.clientAuth === 'post'
        ? client.ClientSecretPost(secret)
        : client.ClientSecretBasic(secret)
  const [algorithm, ...more] = issuer.algorithms
  const configuration = new client.Configuration(
    metadata as client.ServerMetadata,
    signIn.clientId,
    {
      ...(algorithm !== undefined && more.length === 0 ? { id_token_signed_response_alg: algorithm } : {}),
      [client.clockTolerance]: issuer.clockToleranceSeconds,
      // The library reads the machine's clock: what ours differs from it (in tests and replays) is told to it.
      [client.clockSkew]: Math.round((system.clock.now().getTime() - systemClock.now().getTime()) / 1000),
    },
    auth,
  )
  configuration[client.customFetch] = (url, init) => issuerFetch(url, init as RequestInit)
  if (issuer.issuer.startsWith('http:')) allowLoopback(configuration)
  return configuration
}

// Plain HTTP passed isSafeUrl, so it is on this machine.
function allowLoopback(configuration: client.Configuration): void {
  // eslint-disable-next-line typescript/no-deprecated -- deprecated by its authors to make it stand out
  client.allowInsecureRequests(configuration)
}

async function verifyTokenOf(system: Of, issuer: OidcIssuer, token: string, audience?: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, issuerKeys(system, issuer), {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    requiredClaims: ['iss', 'sub', 'exp', 'iat'],
    clockTolerance: issuer.clockToleranceSeconds,
    currentDate: system.clock.now(),
    ...(audience === undefined ? {} : { audience }),
  })
  return payload
}

// Some issuers put roles into access tokens only. It came with the ID token over the same connection, and is of the same
// person or not used.
async function claimsShown(system: Of, issuer: OidcIssuer, id: JWTPayload, accessToken: string): Promise<JWTPayload> {
  if (issuer.signIn?.claimsFrom !== 'access-token') return id
  const access = await verifyTokenOf(system, issuer, accessToken)
  if (access.sub !== id.sub) throw problem('forbidden', 'The identity provider sent tokens of two different people.')
  return { ...access, ...id }
}

function explained(issuer: OidcIssuer, error: unknown): unknown {
  if (error instanceof client.AuthorizationResponseError)
    return problem(
      'forbidden',
      `${issuer.name} did not sign you in (${error.error.slice(0, 60)}).`,
      {},
      { cause: error },
    )
  if (error instanceof client.ResponseBodyError)
    return problem(
      'forbidden',
      `${issuer.name} refused the sign-in (${error.error.slice(0, 60)}).`,
      {},
      { cause: error },
    )
  if (error instanceof client.ClientError || error instanceof errors.JOSEError) {
    const code = error.code ?? 'invalid'
    return problem('forbidden', `The answer of ${issuer.name} does not verify (${code}).`, {}, { cause: error })
  }
  return error
}
