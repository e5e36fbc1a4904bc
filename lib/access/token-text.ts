import { decodeJwt } from 'jose'
import { problem } from '#lib/platform/errors.ts'

/** Three canonical base64url parts: no padding, no spaces, nothing that a lenient decoder would drop. */
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * Refuses what is not a compact JWS (RFC 7515 §7.1) in its one spelling: a last character with unused bits set decodes to
 * the same bytes, which would be two texts for one token. @throws `unauthenticated`
 */
export function checkTokenText(text: string, lengthMax: number): void {
  const canonical =
    text.length <= lengthMax &&
    compact.test(text) &&
    text.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  if (!canonical) throw refusedToken('it is not a compact JWS in canonical base64url')
}

/** The issuer that a token says it is of. Nothing is verified yet: it only says whose keys to try. */
export function claimedIssuer(text: string): string | undefined {
  try {
    const { iss } = decodeJwt(text)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

/** The refusal of a token: says what is wrong, never with any part of the token. */
export function refusedToken(why: string) {
  return problem('unauthenticated', `The bearer token is not accepted: ${why}.`)
}
