import { z } from '@hono/zod-openapi'
import { roles } from '#lib/access/actions.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { BindRoleInput, IngestKeyInput, WorkspaceInput } from '#lib/members/model.ts'
import { listMembers, workspacesOf } from '#lib/members/reads.ts'
import { revokeIngestKey } from '#lib/members/revoke-ingest-key.ts'
import { revokeToken } from '#lib/members/revoke-token.ts'
import { signOutEverywhere } from '#lib/members/sign-out-everywhere.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, reason } from './schemas.ts'

const tag = 'Members and workspaces'

const Workspace = z
  .object({ id: z.string(), name: z.string(), title: z.string(), demo: z.boolean() })
  .openapi('Workspace')
const Member = z
  .object({
    bindingId: z.string(),
    identityId: z.string(),
    issuer: z.string(),
    subject: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'service', 'worker', 'system']),
    role: z.string().openapi({ enum: [...roles] }),
    environment: z.string().nullable(),
    label: z.string().nullable(),
    createdAt: instant,
  })
  .openapi('Member')
const Whoami = z
  .object({
    identityId: z.string(),
    issuer: z.string(),
    subject: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'service', 'worker', 'system']),
    workspaceId: z.string(),
  })
  .openapi('Whoami')

export const memberRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/whoami',
    operationId: 'whoami',
    summary: 'Who the token stands for, and where it acts',
    tag,
    action: null,
    status: 200,
    response: Whoami,
    run: ({ actor: { issuer, subject, name, kind }, actorId, workspaceId }) =>
      Promise.resolve({ identityId: actorId, issuer, subject, name, kind, workspaceId }),
  }),
  defineRoute({
    method: 'get',
    path: '/workspaces',
    operationId: 'listWorkspaces',
    summary: 'The workspaces that the caller has a role in',
    description: 'At most 100, by name, on one page.',
    tag,
    action: null,
    status: 200,
    response: z.object({ items: z.array(Workspace), nextCursor: z.null() }),
    run: async (ctx) => ({ items: await workspacesOf(ctx, ctx.actorId), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/workspaces',
    operationId: 'createWorkspace',
    summary: 'Create a workspace',
    description: "An act in the installation's own workspace: send `quarterdeck-workspace: quarterdeck`.",
    tag,
    action: 'workspace:create',
    body: WorkspaceInput,
    status: 201,
    response: z.object({ id: z.string(), name: z.string() }),
    run: (ctx, { body }) => createWorkspace(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/members',
    operationId: 'listMembers',
    summary: 'Everyone with a role in the workspace, and the role',
    description: 'At most 500 role bindings, by name, on one page.',
    tag,
    action: 'member:read',
    status: 200,
    response: z.object({ items: z.array(Member), nextCursor: z.null() }),
    run: async (ctx) => ({
      items: (await listMembers(ctx)).map(({ created_at: createdAt, ...member }) => ({ ...member, createdAt })),
      nextCursor: null,
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/members',
    operationId: 'bindRole',
    summary: 'Give a person or service a role',
    tag,
    action: 'member:bind',
    body: BindRoleInput,
    status: 201,
    response: z.object({ bindingId: z.string(), identityId: z.string() }),
    run: (ctx, { body }) => bindRole(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/members/{bindingId}/unbind',
    operationId: 'unbindRole',
    summary: 'Take a role away',
    tag,
    action: 'member:unbind',
    params: idParam('bindingId', 'binding'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ bindingId: z.string() }),
    run: (ctx, { params, body }) => unbindRole(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/ingest-keys',
    operationId: 'createIngestKey',
    summary: 'Make a key that may send telemetry',
    description: 'The secret is shown once and kept only as a digest, so idempotency keys are refused here.',
    tag,
    action: 'ingest-key:create',
    body: IngestKeyInput,
    status: 201,
    response: z.object({ id: z.string(), secret: z.string(), hint: z.string() }),
    replayable: false,
    run: (ctx, { body }) => createIngestKey(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/ingest-keys/{keyId}/revoke',
    operationId: 'revokeIngestKey',
    summary: 'Revoke an ingest key',
    description: 'What is sent with it from now on is refused.',
    tag,
    action: 'ingest-key:revoke',
    params: idParam('keyId', 'ingestKey'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ keyId: z.string() }),
    run: (ctx, { params, body }) => revokeIngestKey(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/tokens/{tokenId}/revoke',
    operationId: 'revokeToken',
    summary: 'Revoke a bearer token',
    description: 'By its id, the `jti` claim: of somebody who has a role in the workspace.',
    tag,
    action: 'token:revoke',
    params: idParam('tokenId', 'token'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ tokenId: z.string() }),
    run: (ctx, { params, body }) => revokeToken(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/sessions/end-all',
    operationId: 'signOutEverywhere',
    summary: 'Sign out everywhere',
    description:
      'Ends every session of the caller and revokes every token that this installation gave them, also the one that asks. Idempotency keys are refused, since nobody is left who could ask again. Tokens of other issuers end by their own time.',
    tag,
    action: null,
    status: 200,
    response: z.object({ sessions: z.number().int(), tokens: z.number().int() }),
    replayable: false,
    run: (ctx) => signOutEverywhere(ctx),
  }),
]
