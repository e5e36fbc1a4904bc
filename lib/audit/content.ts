import { z } from 'zod'

/** The content of an audit entry: kept beside the log under its salted digest, read through authorised reads, erasable. */
export const EntryContent = z.object({
  v: z.literal(1),
  time: z.string(),
  actor: z.object({
    issuer: z.string(),
    subject: z.string(),
    kind: z.enum(['person', 'service', 'worker', 'system']),
    name: z.string(),
    via: z.string(),
    onBehalfOf: z.object({ issuer: z.string(), subject: z.string() }).optional(),
  }),
  action: z.string(),
  resource: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  workspace: z.string(),
  /** done: it happened. denied: it was refused. found: it was observed (an outside change, a finding). */
  outcome: z.enum(['done', 'denied', 'found']),
  because: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  policies: z.array(z.string()).optional(),
  drill: z.string().optional(),
  requestId: z.string(),
  traceId: z.string().optional(),
})
export type EntryContent = z.infer<typeof EntryContent>
