import type { z } from 'zod'
import type { UpstreamSettings } from '#lib/platform/ports/upstream.ts'
import { seal, unseal } from '#lib/platform/seal.ts'
import type { Secrets } from '#lib/platform/secrets.ts'
import { Auth, type RegistrySettings } from './model.ts'

const context = (id: string) => `registry ${id}`

/** Seals what lets us in, bound to the connection; undefined credentials need no seal. */
export function sealAuth(secrets: Secrets, id: string, auth: Auth): string | null {
  return auth.kind === 'none' ? null : seal(secrets, context(id), JSON.stringify(auth))
}

export function sealHookSecret(secrets: Secrets, id: string, secret: string): string {
  return seal(secrets, `${context(id)} hook`, secret)
}

export function openHookSecret(secrets: Secrets, id: string, sealed: string): string {
  return unseal(secrets, `${context(id)} hook`, sealed)
}

/** What an adapter is given to reach the registry: the only place where its credentials are open. */
export function openSettings(
  secrets: Secrets,
  row: { id: string; kind: 'mlflow'; url: string; settings: RegistrySettings; sealedCredentials: string | null },
): UpstreamSettings {
  const { id, kind, url, settings, sealedCredentials } = row
  const auth: z.output<typeof Auth> =
    sealedCredentials === null
      ? { kind: 'none' }
      : Auth.parse(JSON.parse(unseal(secrets, context(id), sealedCredentials)))
  return { kind, url, auth, ca: settings.ca, workspace: settings.upstreamWorkspace }
}
