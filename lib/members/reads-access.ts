import { roles as allRoles, type Action, type Resource } from '#lib/access/actions.ts'
import { authorizeRead } from '#lib/access/authorize.ts'
import { rulesAt } from '#lib/access/current.ts'
import { groupsKnownSince, selectHeldRoles, type HeldRole } from '#lib/access/effective-roles.ts'
import { explainAccess, type Explanation, type Grant } from '#lib/access/explain.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { decodeCursor, encodeCursor, pageOf, type Page } from '#lib/platform/page.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { delegableRoles, delegationState, PageInput, WhoMayInput, WhyInput } from './model-roles.ts'
import { selectDelegations } from './queries-delegations.ts'
import { selectLinks } from './queries-links.ts'
import { selectGroupBindings, selectIdentityById, selectKnownIdentity, selectNames } from './queries-roles.ts'
import { selectCandidates, type Candidate } from './queries-who-may.ts'

/** An identity that holds a role in the workspace. */
export type PersonHere = { identityId: string; name: string; kind: string }
export type Holder = Candidate & { grants: Grant[] }
export type WhyView = Explanation & {
  identity: { id: string; name: string; kind: string }
  /** For a refusal: who could give it, and how; at most ten. */
  givers: { identityId: string; name: string; how: 'gives roles' | 'may delegate it' }[]
  /** The names of those who delegated what is held. */
  delegators: Record<string, string>
}

const giversMax = 10
const peopleMax = 500
/** Pages of candidates that one question looks through, so that none takes for ever. */
const batchesMax = 5

/** Everybody who holds a role here in some way (a binding, a group, a delegation), by name; the newest 500. */
export async function listPeople(ctx: Ctx): Promise<PersonHere[]> {
  await authorizeRead(ctx, 'member:read')
  const now = ctx.clock.now()
  const of = { workspaceId: ctx.workspaceId, roles: allRoles, now, knownSince: groupsKnownSince(now), limit: peopleMax }
  const people = (await selectCandidates(ctx.db, of)).map(({ id, name, kind }) => ({ identityId: id, name, kind }))
  return people.sort((a, b) => a.name.localeCompare(b.name, 'en') || (a.identityId < b.identityId ? -1 : 1))
}

/** Whether the caller holds any role themselves, also as one of a group, that another may stand in for. */
export async function maySomebodyStandIn(ctx: Ctx): Promise<boolean> {
  const of = { workspaceId: ctx.workspaceId, identityIds: [ctx.actorId], now: ctx.clock.now(), lock: false }
  const { roles } = await selectHeldRoles(ctx.db, of)
  return roles.some((held) => held.via !== 'delegation' && delegableRoles.some((role) => role === held.role))
}

/** The roles of groups, newest first, each with how many people are known to be in it. */
export async function listGroupBindings(ctx: Ctx, input: PageInput = {}) {
  const { limit, cursor } = parseInput(PageInput, input)
  await authorizeRead(ctx, 'member:read')
  const { workspaceId } = ctx
  const knownSince = groupsKnownSince(ctx.clock.now())
  const of = { workspaceId, knownSince, limit: limit + 1, before: decodeCursor(cursor) }
  const rows = await selectGroupBindings(ctx.db, of)
  return pageOf(
    rows.map(({ members, ...row }) => ({ ...row, members: Number(members ?? 0) })),
    limit,
    (r) => r.id,
  )
}

/** Delegations, newest first, also those that have ended: who stood in for whom stays to be seen. */
export async function listDelegations(ctx: Ctx, input: PageInput = {}) {
  const { limit, cursor } = parseInput(PageInput, input)
  await authorizeRead(ctx, 'member:read')
  const now = ctx.clock.now()
  const rows = await selectDelegations(ctx.db, {
    workspaceId: ctx.workspaceId,
    limit: limit + 1,
    before: decodeCursor(cursor),
  })
  const delegators = [...new Set(rows.map((r) => r.delegatorId))]
  const of = { workspaceId: ctx.workspaceId, identityIds: delegators, now, lock: false }
  const { roles } = await selectHeldRoles(ctx.db, of)
  const own = roles.filter((r) => r.via !== 'delegation')
  const views = rows.map((row) => ({
    ...row,
    state: delegationState(row, now),
    /** False: nothing is delegated while its delegator does not hold the role themselves. */
    held: own.some((r) => r.identityId === row.delegatorId && r.role === row.role && overlaps(r, row)),
  }))
  return pageOf(views, limit, (r) => r.id)
}

/** Identities that are one person: by links of this workspace, and by those of the installation. */
export async function listIdentityLinks(ctx: Ctx, input: PageInput = {}) {
  const { limit, cursor } = parseInput(PageInput, input)
  await authorizeRead(ctx, 'member:read')
  const workspaceIds = [...new Set([ctx.workspaceId, rootWorkspaceId])]
  const rows = await selectLinks(ctx.db, { workspaceIds, limit: limit + 1, before: decodeCursor(cursor) })
  const views = rows.map(({ workspaceId, ...row }) => ({ ...row, everywhere: workspaceId === rootWorkspaceId }))
  return pageOf(views, limit, (r) => r.id)
}

/**
 * Why somebody may or may not do something here, by the roles that they hold at this moment; without an identity, the
 * caller. Rules of a domain, such as who may not decide on their own work, come on top where they apply.
 * @throws `not-found` for somebody whom this workspace does not know
 */
export async function explainWhy(ctx: Ctx, input: WhyInput): Promise<WhyView> {
  const { action, identityId = ctx.actorId, environment, label } = parseInput(WhyInput, input)
  await authorizeRead(ctx, 'member:read')
  const { workspaceId } = ctx
  const identity =
    identityId === ctx.actorId
      ? await selectIdentityById(ctx.db, identityId)
      : await selectKnownIdentity(ctx.db, identityId, workspaceId)
  if (!identity) throw problem('not-found', 'There is no such person in this workspace.')
  const resource = resourceOf(workspaceId, environment, label)
  const of = { workspaceId, identityIds: [identityId], now: ctx.clock.now(), lock: false }
  const { roles, rulesVersion } = await selectHeldRoles(ctx.db, of)
  const { rules } = await rulesAt(ctx, rulesVersion)
  const explanation = explainAccess(rules, roles, action, resource)
  const { id, name, kind } = identity
  return {
    ...explanation,
    identity: { id, name, kind },
    givers: explanation.allowed ? [] : await giversOf(ctx, explanation, resource),
    delegators: await namesOf(ctx, roles),
  }
}

/**
 * Who may do something here, newest identity first, each with the roles that say so. A page may have fewer than `limit`
 * and still a cursor: it ends where it has looked far enough.
 */
export async function listWhoMay(ctx: Ctx, input: WhoMayInput): Promise<Page<Holder>> {
  const { action, environment, label, limit, cursor } = parseInput(WhoMayInput, input)
  await authorizeRead(ctx, 'member:read')
  return whoMay(ctx, action, resourceOf(ctx.workspaceId, environment, label), limit, decodeCursor(cursor))
}

async function whoMay(
  ctx: Ctx,
  action: Action,
  resource: Resource,
  limit: number,
  from: string | undefined,
): Promise<Page<Holder>> {
  const now = ctx.clock.now()
  const found: Holder[] = []
  let before = from
  for (let batch = 0; batch < batchesMax; batch += 1) {
    const candidates = await candidatesFor(ctx, action, limit + 1, before)
    const identityIds = candidates.map((c) => c.id)
    const of = { workspaceId: ctx.workspaceId, identityIds, now, lock: false }
    const { roles, rulesVersion } = await selectHeldRoles(ctx.db, of)
    const { rules } = await rulesAt(ctx, rulesVersion)
    for (const candidate of candidates) {
      const held = roles.filter((r) => r.identityId === candidate.id)
      const { allowed, grants } = explainAccess(rules, held, action, resource)
      if (allowed) found.push({ ...candidate, grants: grants.filter((g) => g.effect === 'decides') })
    }
    before = candidates.at(-1)?.id
    if (found.length > limit || candidates.length <= limit) return pageOf(found, limit, (h) => h.id)
  }
  return { items: found, nextCursor: before === undefined ? null : encodeCursor(before) }
}

async function candidatesFor(ctx: Ctx, action: Action, limit: number, before: string | undefined) {
  const { rules } = await rulesAt(ctx, undefined)
  const now = ctx.clock.now()
  const of = { workspaceId: ctx.workspaceId, roles: rules.rolesFor(action), now, knownSince: groupsKnownSince(now) }
  return selectCandidates(ctx.db, { ...of, limit, before })
}

// Admins give any role; whoever holds one that may be delegated may let another stand in for them.
async function giversOf(ctx: Ctx, explanation: Explanation, resource: Resource): Promise<WhyView['givers']> {
  const here = resourceOf(ctx.workspaceId, undefined, undefined)
  const admins = await whoMay(ctx, 'member:bind', here, giversMax, undefined)
  const delegable = explanation.rolesThatMay.some((role) => delegableRoles.some((d) => d === role))
  const holders = delegable ? (await whoMay(ctx, explanation.action, resource, giversMax, undefined)).items : []
  const people = ({ kind }: Holder) => kind === 'person'
  return [
    ...admins.items.filter(people).map(({ id, name }) => ({ identityId: id, name, how: 'gives roles' as const })),
    ...holders
      .filter(people)
      .filter((h) => h.grants.some((g) => g.held.via !== 'delegation' && delegableRoles.some((d) => d === g.held.role)))
      .map(({ id, name }) => ({ identityId: id, name, how: 'may delegate it' as const })),
  ].slice(0, giversMax)
}

async function namesOf(ctx: Ctx, held: readonly HeldRole[]): Promise<Record<string, string>> {
  const ids = [...new Set(held.map((h) => h.delegatorId).filter((id) => id !== null))]
  const rows = await selectNames(ctx.db, ids)
  return Object.fromEntries(rows.map((r) => [r.id, r.name]))
}

function resourceOf(workspaceId: string, environment: string | undefined, label: string | undefined): Resource {
  return {
    kind: 'workspace',
    id: workspaceId,
    workspaceId,
    ...(environment === undefined ? {} : { environment }),
    labels: label === undefined ? [] : [label],
  }
}

function overlaps(a: { environment: string | null; label: string | null }, b: typeof a): boolean {
  return (
    (a.environment === null || b.environment === null || a.environment === b.environment) &&
    (a.label === null || b.label === null || a.label === b.label)
  )
}
