import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose'
import type { System } from '#lib/platform/context.ts'
import { identityFromClaims, type ClaimedIdentity } from './issuer-claims.ts'
import type { Issuer } from './issuer-config.ts'
import { issuersOf } from './issuers.ts'
import { issuerKeys } from './jwks.ts'
import { checkTokenText, refusedToken } from './token-text.ts'
import { workloadIdentity } from './workload-identity.ts'

const tokenLengthMax = 16_384

/**
 * Who a bearer token of a configured issuer stands for (RFC 8725): the algorithms, audience and type that are pinned for
 * that issuer, `iss`, `aud`, `exp` and `sub` present, not older than allowed. A token that is bound to a key of its sender
 * (`cnf`, RFC 9449 §7.1 and RFC 8705 §3) is refused, because as a bare bearer token its binding would be lost.
 * @throws `unauthenticated` with what is wrong; `forbidden` when groups were left out; `unavailable` without keys
 */
export async function verifyIssuerToken(
  system: Pick<System, 'clock' | 'config' | 'log'>,
  text: string,
  iss: string,
): Promise<ClaimedIdentity> {
  checkTokenText(text, tokenLengthMax)
  const issuer = issuersOf(system).find((i) => i.issuer === iss)
  if (!issuer || (issuer.kind === 'oidc' && !issuer.api)) throw refusedToken('its issuer is not accepted here')
  const claims = await verified(system, issuer, text)
  if (claims.cnf !== undefined) throw refusedToken('it is bound to a key of its sender, which is not checked here')
  return issuer.kind === 'workload' ? workloadIdentity(issuer, claims) : identityFromClaims(issuer, claims)
}

async function verified(
  system: Pick<System, 'clock' | 'config' | 'log'>,
  issuer: Issuer,
  text: string,
): Promise<JWTPayload> {
  const pinned = issuer.kind === 'oidc' ? issuer.api : issuer
  if (!pinned) throw refusedToken('its issuer is not accepted here')
  const options: JWTVerifyOptions = {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    audience: [...pinned.audience],
    requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'],
    clockTolerance: issuer.clockToleranceSeconds,
    maxTokenAge: pinned.maxAgeSeconds,
    currentDate: system.clock.now(),
  }
  try {
    const { payload, protectedHeader } = await jwtVerify(text, issuerKeys(system, issuer), options)
    checkType(pinned.typ, protectedHeader.typ)
    if (payload.sub === '') throw refusedToken('its subject is empty')
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refusedToken('it has expired: get another')
    if (error instanceof errors.JWTClaimValidationFailed) throw refusedToken(`its claim ${error.claim} does not fit`)
    if (error instanceof errors.JOSEError) throw refusedToken(`it does not verify (${error.code})`)
    throw error
  }
}

// RFC 9068 §4 and RFC 8725 §3.11: compared without case and without the prefix application/.
function checkType(pinned: readonly string[] | undefined, typ: string | undefined): void {
  if (pinned === undefined) return
  const short = (text: string) => text.toLowerCase().replace(/^application\//, '')
  if (typ === undefined || !pinned.some((p) => short(p) === short(typ))) throw refusedToken('it is of another type')
}
