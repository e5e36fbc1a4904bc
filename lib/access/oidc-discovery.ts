import { z } from 'zod'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import type { Issuer } from './issuer-config.ts'
import { fetchIssuerJson } from './oidc-fetch.ts'

const Metadata = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.string().max(500),
  authorization_endpoint: z.string().max(500).optional(),
  token_endpoint: z.string().max(500).optional(),
  end_session_endpoint: z.string().max(500).optional(),
})
export type IssuerMetadata = z.output<typeof Metadata>

type Known = { readAtMs: number; metadata: Promise<IssuerMetadata> }
const freshMs = 3_600_000
const retryMs = 5_000

/**
 * What an issuer says of itself (OpenID Connect Discovery 1.0 §4), kept for an hour; after a failure it is asked again
 * five seconds later at the earliest. It must name the very issuer that was asked (§4.3; ASVS 10.5.3).
 * @throws `unavailable`
 */
export async function discoverIssuer(
  system: Pick<System, 'clock' | 'config'>,
  issuer: Pick<Issuer, 'issuer'>,
): Promise<IssuerMetadata> {
  const byIssuer = knownOf(system)
  const nowMs = system.clock.monotonicMs()
  const present = byIssuer.get(issuer.issuer)
  if (present && nowMs - present.readAtMs < freshMs) return present.metadata
  const asked: Known = { readAtMs: nowMs, metadata: ask(issuer.issuer) }
  byIssuer.set(issuer.issuer, asked)
  try {
    return await asked.metadata
  } catch (error) {
    asked.readAtMs = nowMs - freshMs + retryMs
    throw error
  }
}

async function ask(issuer: string): Promise<IssuerMetadata> {
  const document = await fetchIssuerJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const parsed = Metadata.safeParse(document)
  if (!parsed.success) throw problem('unavailable', `The discovery document of ${issuer} is not one.`)
  if (parsed.data.issuer !== issuer) {
    throw problem(
      'unavailable',
      `${issuer} says that it is the issuer ${parsed.data.issuer.slice(0, 200)}: configure the issuer as it names itself.`,
    )
  }
  return parsed.data
}

function knownOf(system: Pick<System, 'config'>): Map<string, Known> {
  const all = processSingleton('issuer-metadata', () => new WeakMap<object, Map<string, Known>>())
  const present = all.get(system.config) ?? new Map<string, Known>()
  all.set(system.config, present)
  return present
}
