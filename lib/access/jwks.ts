import { createLocalJWKSet, errors, type CompactJWSHeaderParameters, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { processSingleton } from '#lib/platform/globals.ts'
import type { Issuer } from './issuer-config.ts'
import { discoverIssuer } from './oidc-discovery.ts'
import { fetchIssuerJson } from './oidc-fetch.ts'

type KeySet = { readAtMs: number; resolve: JWTVerifyGetKey }
type Slot = { keys: KeySet | undefined; askedAtMs: number; asking: Promise<KeySet> | undefined }

const JwkSet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })
/** An unknown key id leads to one look at the issuer's keys, at most this often. */
const cooldownMs = 5_000
/** While the issuer does not answer, its last known keys stay good this long beyond their age. */
const graceMs = 3_600_000

/**
 * The keys of an issuer as `jwtVerify` asks for them: those read less than `jwksMaxAgeSeconds` ago. A key id that is not
 * among them is looked for once, by one request for however many callers, at most every five seconds; so a rotation is
 * seen at once, and made-up key ids do not make us a hammer. Keys come from the issuer's own document only: `jku`, `jwk`
 * and `x5u` of a token are never looked at.
 * @throws `unavailable` when the keys cannot be had
 */
export function issuerKeys(system: Pick<System, 'clock' | 'config' | 'log'>, issuer: Issuer): JWTVerifyGetKey {
  return async (header, token) => {
    const slot = slotOf(system, issuer)
    const keys = await present(system, issuer, slot)
    try {
      return await keys.resolve(bare(header), token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      if (system.clock.monotonicMs() - slot.askedAtMs < cooldownMs && slot.asking === undefined) throw error
      return (await ask(system, issuer, slot)).resolve(bare(header), token)
    }
  }
}

// Only what says which key is meant.
function bare(header: CompactJWSHeaderParameters): CompactJWSHeaderParameters {
  return { alg: header.alg, ...(header.kid === undefined ? {} : { kid: header.kid }) }
}

async function present(system: Pick<System, 'clock' | 'config' | 'log'>, issuer: Issuer, slot: Slot): Promise<KeySet> {
  const nowMs = system.clock.monotonicMs()
  const { keys } = slot
  if (keys && nowMs - keys.readAtMs < issuer.jwksMaxAgeSeconds * 1000) return keys
  const resting = nowMs - slot.askedAtMs < cooldownMs && slot.asking === undefined
  const usable = keys && nowMs - keys.readAtMs < issuer.jwksMaxAgeSeconds * 1000 + graceMs ? keys : undefined
  if (resting && usable) return usable
  if (resting && slot.askedAtMs !== Number.NEGATIVE_INFINITY && !keys)
    throw problem(
      'unavailable',
      `The keys of ${issuer.issuer} could not be read a moment ago. Try again in a few seconds.`,
    )
  try {
    return await ask(system, issuer, slot)
  } catch (error) {
    if (!usable) throw error
    system.log.warn(
      { err: error, issuer: issuer.issuer },
      'the keys of an issuer could not be read; the last known ones are used',
    )
    return usable
  }
}

function ask(system: Pick<System, 'clock' | 'config'>, issuer: Issuer, slot: Slot): Promise<KeySet> {
  slot.asking ??= read(system, issuer)
    .then((keys) => (slot.keys = keys))
    .finally(() => {
      slot.askedAtMs = system.clock.monotonicMs()
      slot.asking = undefined
    })
  return slot.asking
}

async function read(system: Pick<System, 'clock' | 'config'>, issuer: Issuer): Promise<KeySet> {
  const uri = issuer.jwksUri ?? (await discoverIssuer(system, issuer)).jwks_uri
  const parsed = JwkSet.safeParse(await fetchIssuerJson(uri))
  if (!parsed.success) throw problem('unavailable', `The key set of ${issuer.issuer} is not one.`)
  const resolve = createLocalJWKSet(parsed.data)
  return { readAtMs: system.clock.monotonicMs(), resolve }
}

function slotOf(system: Pick<System, 'config'>, issuer: Issuer): Slot {
  const all = processSingleton('issuer-keys', () => new WeakMap<object, Map<string, Slot>>())
  const slots = all.get(system.config) ?? new Map<string, Slot>()
  all.set(system.config, slots)
  const slot = slots.get(issuer.name) ?? { keys: undefined, askedAtMs: Number.NEGATIVE_INFINITY, asking: undefined }
  slots.set(issuer.name, slot)
  return slot
}
