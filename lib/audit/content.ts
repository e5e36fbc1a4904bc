import { z } from 'zod'

const Identity = z.object({ issuer: z.string(), subject: z.string() })
const actorFields = {
  kind: z.enum(['person', 'service', 'worker', 'system']),
  via: z.string(),
}
const factFields = {
  time: z.string(),
  action: z.string(),
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
}

/** The content of an audit entry as it is read: through authorised reads, with who it was unless that was erased. */
export const EntryContent = z.object({
  v: z.literal(1),
  actor: z.object({
    ...actorFields,
    issuer: z.string(),
    subject: z.string(),
    name: z.string(),
    onBehalfOf: Identity.optional(),
    /** Who it was is erased; the digest in the content still says that somebody was named. */
    erased: z.literal(true).optional(),
  }),
  resource: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  ...factFields,
})
export type EntryContent = z.infer<typeof EntryContent>

/**
 * What stands beside the log under the leaf's digest. It names no person: `actor.person` is the salted digest of the
 * personal part, which stands beside it under a salt of its own, so that it can be erased and the rest still verified.
 */
export const StoredContent = z.object({
  v: z.literal(2),
  actor: z.object({ ...actorFields, person: z.string().regex(/^[0-9a-f]{64}$/) }),
  resource: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  ...factFields,
})
export type StoredContent = z.infer<typeof StoredContent>

/** The personal part of an entry: who acted, for whom, and, where the resource is about a person, who that is. */
export const PersonalDetail = z.object({
  issuer: z.string(),
  subject: z.string(),
  name: z.string(),
  onBehalfOf: Identity.optional(),
  resourceName: z.string().optional(),
  /** What before and after say of who the resource is. */
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
})
export type PersonalDetail = z.infer<typeof PersonalDetail>

/**
 * The content as it is read, from the texts that are stored. Null once what it said was erased. Entries of the first
 * format hold the person within.
 */
export function readContent(content: string | null, person: string | null): EntryContent | null {
  if (content === null) return null
  const value: unknown = JSON.parse(content)
  const stored = StoredContent.safeParse(value)
  if (!stored.success) return EntryContent.parse(value)
  const { actor, resource, ...facts } = stored.data
  if (person === null) return { ...facts, v: 1, actor: { kind: actor.kind, via: actor.via, ...erasedPerson }, resource }
  const { resourceName, before, after, ...who } = PersonalDetail.parse(JSON.parse(person))
  return {
    ...facts,
    ...(before === undefined ? {} : { before: { ...Object(facts.before), ...before } }),
    ...(after === undefined ? {} : { after: { ...Object(facts.after), ...after } }),
    v: 1,
    actor: { kind: actor.kind, via: actor.via, ...who },
    resource: resourceName === undefined ? resource : { ...resource, name: resourceName },
  }
}

const erasedPerson = { issuer: 'erased', subject: 'erased', name: 'erased', erased: true } as const
