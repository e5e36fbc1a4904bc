import { z } from 'zod'
import { audience, identifier, serverBody, sticky, weights } from './wire.ts'

const breaker = z.object({ tripId: z.string(), trippedAt: z.number(), versionId: identifier, because: z.string() })

const traffic = z.object({
  generation: z.int().min(1),
  resourceVersion: z.string(),
  fence: z.int().min(0),
  weights,
  sticky: sticky.optional(),
  audience: audience.optional(),
  stableVersionId: identifier.optional(),
  manager: z.string(),
  breaker: breaker.nullable(),
  ackedAt: z.number(),
})

/**
 * What the agent remembers of one endpoint, as it lies on disk. `fences` outlive the servers they belong to, so that a
 * stale actor cannot bring a removed server back.
 */
export const endpointState = z.object({
  format: z.literal(1),
  endpointId: identifier,
  /** Tells one life of this endpoint's state from another: a resourceVersion never recurs after the disk was lost. */
  uid: z.string(),
  traffic: traffic.nullable(),
  /** Left of traffic that was removed: its fence refuses stale actors, and generations never recur. */
  removed: z.object({ fence: z.int().min(0), generation: z.int().min(0) }).optional(),
  servers: z.record(identifier, serverBody),
  fences: z.record(identifier, z.int().min(0)),
})

export type EndpointState = z.infer<typeof endpointState>
export type Traffic = z.infer<typeof traffic>
export type Trip = z.infer<typeof breaker>

export const fencesMax = 10_000
export const endpointsMax = 1000
