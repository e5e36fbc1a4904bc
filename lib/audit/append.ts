import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { sameIdentity } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { json, type Tx } from '#lib/platform/db/schema.ts'
import { newId, type Id } from '#lib/platform/ids.ts'
import { canonicalBytes, saltedDigest } from './canonical.ts'
import type { EntryContent, PersonalDetail, StoredContent } from './content.ts'

/** What a verb says of what it did. Before and after are JSON values or digests of what is too large to keep here. */
export type AuditDraft = {
  action: string
  resource: { kind: string; id: string; name?: string | undefined }
  outcome: EntryContent['outcome']
  because: string
  before?: unknown
  after?: unknown
  /** Digests of the policies that the decision was made under. */
  policies?: readonly string[]
  /** Named when the thing happened in a drill: the label that every page shows. */
  drill?: string | undefined
}

const contentBytesMax = 262_144

/** Kinds of resource whose name is a person's name: it goes with the personal part. */
const personKinds: ReadonlySet<string> = new Set(['identity', 'binding', 'session', 'token', 'delegation'])
/** Members of before and after that say who such a resource is. */
const personMembers: ReadonlySet<string> = new Set(['issuer', 'subject', 'name', 'email'])

/**
 * Writes one audit entry in the caller's transaction: content and personal part with their salts beside the log, and the
 * row that the sequencer will give a place. The MAC is made here, outside the database, with a key that the database
 * does not have.
 */
export async function appendEntry(tx: Tx, ctx: Ctx, draft: AuditDraft): Promise<Id<'entry'>> {
  const now = ctx.clock.now()
  const id = newId('entry', now)
  const person = personOf(ctx, draft)
  const personSalt = randomBytes(16)
  const content = contentOf(ctx, draft, now, saltedDigest(personSalt, person))
  const bytes = canonicalBytes(content)
  if (bytes.length > contentBytesMax) {
    throw new RangeError(
      `an audit entry may have ${contentBytesMax} bytes, this one (${draft.action}) has ${bytes.length}: record digests`,
    )
  }
  const salt = randomBytes(16)
  const digest = saltedDigest(salt, content)
  const counter = ctx.instance.next()
  const mac = ctx.secrets.mac(
    'entry-mac',
    entryMacInput({ id, time: now, kind: draft.action, digest, instance: ctx.instance.id, counter }),
  )
  await tx
    .insertInto('audit_entry')
    .values({
      id,
      epoch: sql<number>`(select max(epoch) from audit_epoch)`,
      time: now,
      kind: draft.action,
      workspace_id: ctx.workspaceId === '' ? null : ctx.workspaceId,
      actor_id: ctx.actorId,
      resource_kind: draft.resource.kind,
      resource_id: draft.resource.id,
      outcome: draft.outcome,
      digest,
      instance: ctx.instance.id,
      counter,
      mac,
      request_id: ctx.requestId.slice(0, 200),
    })
    .execute()
  await tx
    .insertInto('audit_detail')
    .values({
      entry_id: id,
      salt: salt.toString('base64'),
      content: bytes.toString('utf8'),
      erased_at: null,
      person_salt: personSalt.toString('base64'),
      person: canonicalBytes(person).toString('utf8'),
      person_erased_at: null,
    })
    .execute()
  return id
}

/** What an entry's MAC covers: every column that the sequencer will put into the leaf, one a line. */
export function entryMacInput(entry: {
  id: string
  time: Date
  kind: string
  digest: string
  instance: string
  counter: bigint
}): string {
  return [entry.id, entry.time.toISOString(), entry.kind, entry.digest, entry.instance, entry.counter.toString()].join(
    '\n',
  )
}

function personOf({ actor }: Ctx, { resource, before, after }: AuditDraft): PersonalDetail {
  const { issuer, subject, name, onBehalfOf } = actor
  const who = { issuer, subject, name, ...(onBehalfOf && !sameIdentity(actor, onBehalfOf) ? { onBehalfOf } : {}) }
  if (!personKinds.has(resource.kind)) return who
  const [was, is] = [parted(before).personal, parted(after).personal]
  return {
    ...who,
    ...(resource.name === undefined ? {} : { resourceName: resource.name }),
    ...(was === undefined ? {} : { before: was }),
    ...(is === undefined ? {} : { after: is }),
  }
}

/** A value's members that say who somebody is, and the rest. */
function parted(value: unknown): { personal: Record<string, unknown> | undefined; rest: unknown } {
  const whole = value === undefined ? undefined : plain(value)
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return { personal: undefined, rest: whole }
  const members = Object.entries(whole)
  const personal = members.filter(([key]) => personMembers.has(key))
  if (personal.length === 0) return { personal: undefined, rest: whole }
  return {
    personal: Object.fromEntries(personal),
    rest: Object.fromEntries(members.filter(([key]) => !personMembers.has(key))),
  }
}

function contentOf(ctx: Ctx, draft: AuditDraft, now: Date, person: string): StoredContent {
  const { kind, id, name } = draft.resource
  const isPersonal = personKinds.has(kind)
  const told = (value: unknown) => (isPersonal ? parted(value).rest : plain(value))
  return {
    v: 2,
    time: now.toISOString(),
    actor: { kind: ctx.actor.kind, via: ctx.actor.via, person },
    action: draft.action,
    resource: { kind, id, ...(name === undefined || isPersonal ? {} : { name }) },
    workspace: ctx.workspaceId,
    outcome: draft.outcome,
    because: draft.because,
    ...(draft.before === undefined ? {} : { before: told(draft.before) }),
    ...(draft.after === undefined ? {} : { after: told(draft.after) }),
    ...(draft.policies && draft.policies.length > 0 ? { policies: [...draft.policies] } : {}),
    ...(draft.drill === undefined ? {} : { drill: draft.drill }),
    requestId: ctx.requestId,
    ...(ctx.traceId === undefined ? {} : { traceId: ctx.traceId }),
  }
}

// Dates become RFC 3339 text and bigints decimal text: the canonical form knows neither.
function plain(value: unknown): unknown {
  return JSON.parse(json(value)) as unknown
}
