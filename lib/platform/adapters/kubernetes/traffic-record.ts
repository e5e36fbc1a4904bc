import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { TrafficChange } from '../../ports/traffic.ts'
import type { KubernetesObject } from './object.ts'

/** The annotation in which a traffic object carries what its kind has no field for. */
export const recordAnnotation = 'quarterdeck.dev/traffic'

const recordSchema = z.object({
  endpointId: z.string(),
  /** The highest fencing number that was ever accepted. */
  fence: z.number().int(),
  /** Digest of what was asked last, so that the same wish is known again. */
  wish: z.string(),
  /** Version by the name of its backend. */
  versions: z.record(z.string(), z.string()),
  /** The traffic was ended; the object stays, detached, because the fence must outlive it. */
  ended: z.boolean(),
})

export type TrafficRecord = z.infer<typeof recordSchema>

/** The record of an object; null when there is none or somebody has made it unreadable. */
export function recordOf(object: KubernetesObject): TrafficRecord | null {
  const text = object.metadata.annotations?.[recordAnnotation]
  if (text === undefined) return null
  try {
    return recordSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    // Not JSON: written by somebody else, so it says nothing.
    return null
  }
}

/** Digest of all that a change asks for, without its condition and its fence. */
export function wishOf(change: TrafficChange): string {
  const { weights, sticky, audience, stableVersionId, manager } = change
  const wish = JSON.stringify([
    weights.map((w) => [w.versionId, w.percent]),
    sticky ?? null,
    audience ?? null,
    stableVersionId ?? null,
    manager,
  ])
  return createHash('sha256').update(wish).digest('hex')
}
