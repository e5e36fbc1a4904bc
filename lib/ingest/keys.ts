import { createHash } from 'node:crypto'
import { verifyIngestKey, type IngestGrant } from '#lib/members/verify-ingest-key.ts'
import type { System } from '#lib/platform/context.ts'

/** A revoked key is refused after this long at the latest. */
const rememberMs = 5000
const rememberedMax = 1000

/** Verifies ingest keys and remembers those that are valid for five seconds, by their digest. Bounded. */
export function rememberedKeys(
  system: Pick<System, 'db' | 'clock'>,
): (authorization: string | undefined) => Promise<IngestGrant> {
  const remembered = new Map<string, { grant: IngestGrant; untilMs: number }>()
  return async (authorization) => {
    const digest = createHash('sha256')
      .update(authorization ?? '')
      .digest('base64')
    const nowMs = system.clock.monotonicMs()
    const held = remembered.get(digest)
    if (held && held.untilMs > nowMs) return held.grant
    remembered.delete(digest)
    const grant = await verifyIngestKey(system, authorization)
    if (remembered.size >= rememberedMax) remembered.clear()
    remembered.set(digest, { grant, untilMs: nowMs + rememberMs })
    return grant
  }
}
