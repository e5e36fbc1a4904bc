import { z } from '@hono/zod-openapi'
import { actions, roles } from '#lib/access/actions.ts'
import { bindGroup } from '#lib/members/bind-group.ts'
import { createDelegation } from '#lib/members/create-delegation.ts'
import { linkIdentities } from '#lib/members/link-identities.ts'
import { BindGroupInput, delegableRoles } from '#lib/members/model-roles.ts'
import { slug } from '#lib/members/model.ts'
import {
  explainWhy,
  listDelegations,
  listGroupBindings,
  listIdentityLinks,
  listWhoMay,
  type Holder,
} from '#lib/members/reads-access.ts'
import { revokeDelegation } from '#lib/members/revoke-delegation.ts'
import { unbindGroup } from '#lib/members/unbind-group.ts'
import { unlinkIdentities } from '#lib/members/unlink-identities.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { filterText, idOf, idParam, instant, instantOrNull, moment, pageSchema, paging, reason } from './schemas.ts'

const tag = 'Roles and access'

const scope = { environment: z.string().nullable(), label: z.string().nullable() }
const role = z.string().openapi({ enum: [...roles] })
const GroupBinding = z
  .object({
    id: z.string(),
    issuer: z.string(),
    group: z.string(),
    role,
    ...scope,
    createdAt: instant,
    members: z.number().int(),
  })
  .openapi('GroupBinding')
const Delegation = z
  .object({
    id: z.string(),
    delegatorId: z.string(),
    delegatorName: z.string(),
    delegateId: z.string(),
    delegateName: z.string(),
    role,
    ...scope,
    startsAt: instant,
    endsAt: instant,
    reason: z.string(),
    revokedAt: instantOrNull,
    state: z.enum(['planned', 'live', 'ended', 'revoked']),
    held: z.boolean().openapi({ description: 'Whether the delegator holds the role now: else nothing is delegated' }),
  })
  .openapi('Delegation')
const identity = z.object({ id: z.string(), name: z.string(), issuer: z.string(), subject: z.string() })
const IdentityLink = z
  .object({
    id: z.string(),
    identities: z.array(identity).length(2),
    reason: z.string(),
    linkedAt: instant,
    linkedBy: z.string(),
    everywhere: z.boolean().openapi({ description: "Made in the installation's own workspace: holds in every other" }),
  })
  .openapi('IdentityLink')
const Grant = z
  .object({
    role,
    ...scope,
    via: z.enum(['binding', 'group', 'delegation']),
    bindingId: z.string(),
    group: z.string().nullable(),
    delegationId: z.string().nullable(),
    delegatorId: z.string().nullable(),
    endsAt: instantOrNull,
    effect: z.enum(['decides', 'elsewhere', 'other']),
    lines: z.array(z.string()).openapi({ description: 'The lines of policies/access/roles.csv that say so' }),
    because: z.string(),
  })
  .openapi('Grant')
const Why = z
  .object({
    action: z.enum(actions),
    identity: z.object({ id: z.string(), name: z.string(), kind: z.string() }),
    allowed: z.boolean(),
    because: z.string(),
    rolesThatMay: z.array(role),
    rules: z.array(z.object({ role, lines: z.array(z.string()) })),
    grants: z.array(Grant),
    missing: z
      .object({
        roles: z.array(role),
        environment: z.string().nullable(),
        labels: z.array(z.string()),
        because: z.string(),
      })
      .nullable(),
    givers: z.array(
      z.object({ identityId: z.string(), name: z.string(), how: z.enum(['gives roles', 'may delegate it']) }),
    ),
  })
  .openapi('Why')

const question = {
  action: z.enum(actions),
  environment: slug.optional().openapi({ description: 'Of a thing in this environment; else of one in none' }),
  label: filterText.max(63).optional().openapi({ description: 'Of a model with this label; else of one without' }),
}

const grantOf = ({ held, ...grant }: Holder['grants'][number]) => {
  const { role: name, environment, label, via, bindingId, group, delegationId, delegatorId, endsAt } = held
  return { role: name, environment, label, via, bindingId, group, delegationId, delegatorId, endsAt, ...grant }
}

const explorer: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/access/why',
    operationId: 'explainAccess',
    summary: 'Why somebody may or may not do something, with the rule that says so',
    description:
      'By the roles held at this moment; without `identityId`, the caller. What a domain asks besides, such as that nobody decides on their own work, comes on top.',
    tag,
    action: 'member:read',
    query: z.strictObject({ ...question, identityId: idOf('identity').optional() }),
    status: 200,
    response: Why,
    run: async (ctx, { query }) => {
      const { delegators: _delegators, ...why } = await explainWhy(ctx, query)
      return { ...why, grants: why.grants.map(grantOf) }
    },
  }),
  defineRoute({
    method: 'get',
    path: '/access/who',
    operationId: 'listWhoMay',
    summary: 'Who may do something, each with the roles that say so',
    description: 'Newest identity first. A page may have fewer than `limit` and still a cursor.',
    tag,
    action: 'member:read',
    query: z.strictObject({ ...question, ...paging }),
    status: 200,
    response: pageSchema(identity.extend({ kind: z.string(), grants: z.array(Grant) }).openapi('Holder')),
    run: async (ctx, { query }) => {
      const { items, nextCursor } = await listWhoMay(ctx, query)
      return { items: items.map(({ grants, ...who }) => ({ ...who, grants: grants.map(grantOf) })), nextCursor }
    },
  }),
]

const groups: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/group-bindings',
    operationId: 'listGroupBindings',
    summary: 'Roles of groups, newest first',
    tag,
    action: 'member:read',
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(GroupBinding),
    run: (ctx, { query }) => listGroupBindings(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/group-bindings',
    operationId: 'bindGroup',
    summary: 'Give everybody of a group a role',
    description: 'The group as its issuer names it in the claims of a sign-in or token.',
    tag,
    action: 'member:bind',
    body: BindGroupInput,
    status: 201,
    response: z.object({ bindingId: z.string() }),
    run: (ctx, { body }) => bindGroup(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/group-bindings/{groupBindingId}/unbind',
    operationId: 'unbindGroup',
    summary: 'Take a role away from a group',
    tag,
    action: 'member:unbind',
    params: idParam('groupBindingId', 'groupBinding'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ bindingId: z.string() }),
    run: (ctx, { params, body }) => unbindGroup(ctx, { bindingId: params.groupBindingId, ...body }),
  }),
]

const delegations: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/delegations',
    operationId: 'listDelegations',
    summary: 'Who stands in for whom, newest first',
    tag,
    action: 'member:read',
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(Delegation),
    run: (ctx, { query }) => listDelegations(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/delegations',
    operationId: 'createDelegation',
    summary: 'Let another member stand in for the caller in one role',
    description:
      'At most 30 days, no wider than the role that the caller holds, and not of a role that was delegated to them. The delegate inherits the caller’s conflicts of interest.',
    tag,
    action: 'delegation:create',
    body: z.strictObject({
      delegateId: idOf('identity'),
      role: z.enum(delegableRoles),
      environment: slug.nullable().default(null),
      label: filterText.max(63).nullable().default(null),
      startsAt: moment.nullable().default(null),
      endsAt: moment,
      reason: reason.max(1000),
    }),
    status: 201,
    response: z.object({ delegationId: z.string() }),
    run: (ctx, { body }) => createDelegation(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/delegations/{delegationId}/revoke',
    operationId: 'revokeDelegation',
    summary: 'End a delegation at once',
    tag,
    action: 'delegation:revoke',
    params: idParam('delegationId', 'delegation'),
    body: z.strictObject({ reason: reason.max(1000) }),
    status: 200,
    response: z.object({ delegationId: z.string() }),
    run: (ctx, { params, body }) => revokeDelegation(ctx, { ...params, ...body }),
  }),
]

const links: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/identity-links',
    operationId: 'listIdentityLinks',
    summary: 'Identities that are one person, newest link first',
    tag,
    action: 'member:read',
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(IdentityLink),
    run: async (ctx, { query }) => {
      const { items, nextCursor } = await listIdentityLinks(ctx, query)
      return { items: items.map(presentLink), nextCursor }
    },
  }),
  defineRoute({
    method: 'post',
    path: '/identity-links',
    operationId: 'linkIdentities',
    summary: 'Say that two identities are one person',
    description: 'Separation of duties and quorums then take them for one.',
    tag,
    action: 'identity:link',
    body: z.strictObject({ identityId: idOf('identity'), otherId: idOf('identity'), reason: reason.max(1000) }),
    status: 201,
    response: z.object({ linkId: z.string() }),
    run: (ctx, { body }) => linkIdentities(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/identity-links/{linkId}/unlink',
    operationId: 'unlinkIdentities',
    summary: 'Take back that two identities are one person',
    tag,
    action: 'identity:unlink',
    params: idParam('linkId', 'identityLink'),
    body: z.strictObject({ reason: reason.max(1000) }),
    status: 200,
    response: z.object({ linkId: z.string() }),
    run: (ctx, { params, body }) => unlinkIdentities(ctx, { ...params, ...body }),
  }),
]

function presentLink(row: Awaited<ReturnType<typeof listIdentityLinks>>['items'][number]) {
  const { id, reason: why, linkedAt, linkedBy, everywhere } = row
  const identities = [
    { id: row.aId, name: row.aName, issuer: row.aIssuer, subject: row.aSubject },
    { id: row.bId, name: row.bName, issuer: row.bIssuer, subject: row.bSubject },
  ]
  return { id, identities, reason: why, linkedAt, linkedBy, everywhere }
}

export const accessRoutes: readonly ApiRoute[] = [...explorer, ...groups, ...delegations, ...links]
