import { claimedIssuer } from '#lib/access/token-text.ts'
import { verifyIssuerToken } from '#lib/access/verify-token-issuer.ts'
import { verifyToken } from '#lib/access/verify-token.ts'
import type { Actor } from '#lib/platform/actor.ts'
import type { System } from '#lib/platform/context.ts'
import { admitIdentity } from './admit-identity.ts'

/**
 * Who a bearer token stands for: one of our own issuer, or of any issuer that is configured. Which one it says that it is
 * of decides by whose keys and rules it is verified, and nothing else.
 * @throws `unauthenticated`, `forbidden` when its issuer left groups out, `unavailable` when its keys cannot be had
 */
export async function identifyBearer(system: System, text: string): Promise<{ actor: Actor; actorId: string }> {
  const issuer = claimedIssuer(text)
  if (issuer === undefined || issuer === system.config.origin) {
    const { actor, actorId } = await verifyToken(system, text)
    return { actor, actorId }
  }
  return admitIdentity(system, await verifyIssuerToken(system, text, issuer), 'api')
}
