import { seal, unseal } from '#lib/platform/seal.ts'
import type { Secrets } from '#lib/platform/secrets.ts'

const context = (id: string) => `forge ${id} hook`

/** Seals the secret of a connection's webhooks, bound to the connection. */
export function sealHookSecret(secrets: Secrets, id: string, secret: string): string {
  return seal(secrets, context(id), secret)
}

export function openHookSecret(secrets: Secrets, id: string, sealed: string): string {
  return unseal(secrets, context(id), sealed)
}
