import { z } from '@hono/zod-openapi'
import { createServiceAccount } from '#lib/members/create-service-account.ts'
import { disableServiceAccount } from '#lib/members/disable-service-account.ts'
import { issueServiceToken } from '#lib/members/issue-service-token.ts'
import { ServiceAccountInput, ServiceTokenInput } from '#lib/members/model-service-accounts.ts'
import { listServiceAccounts, listServiceTokens } from '#lib/members/reads-service-accounts.ts'
import { rotateTokenKey } from '#lib/members/rotate-token-key.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, instantOrNull, person, reason } from './schemas.ts'

const tag = 'Service accounts and tokens'

const ServiceAccount = z
  .object({
    id: z.string(),
    name: z.string(),
    purpose: z.string(),
    identityId: z.string(),
    issuer: z.string(),
    subject: z.string(),
    createdAt: instant,
    createdBy: person,
    disabledAt: instantOrNull,
    liveTokens: z.number().int(),
  })
  .openapi('ServiceAccount')
const ServiceToken = z
  .object({
    id: z.string(),
    createdAt: instant,
    expiresAt: instant,
    revokedAt: instantOrNull,
    issuedBy: z.union([person, z.null()]),
  })
  .openapi('ServiceToken')

const accounts: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/service-accounts',
    operationId: 'listServiceAccounts',
    summary: 'The service accounts of the workspace',
    description: 'At most 500, by name, on one page.',
    tag,
    action: 'service-account:read',
    status: 200,
    response: z.object({ items: z.array(ServiceAccount), nextCursor: z.null() }),
    run: async (ctx) => ({ items: await listServiceAccounts(ctx), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/service-accounts',
    operationId: 'createServiceAccount',
    summary: 'Create a service account',
    description: 'It holds no role until it is given one, by the `issuer` and `subject` that are answered.',
    tag,
    action: 'service-account:create',
    body: ServiceAccountInput,
    status: 201,
    response: z.object({ id: z.string(), identityId: z.string(), issuer: z.string(), subject: z.string() }),
    run: (ctx, { body }) => createServiceAccount(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/service-accounts/{accountId}/disable',
    operationId: 'disableServiceAccount',
    summary: 'Disable a service account for good',
    description: 'Its tokens are refused at once and its roles here are taken away.',
    tag,
    action: 'service-account:disable',
    params: idParam('accountId', 'serviceAccount'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ accountId: z.string(), tokens: z.number().int(), roles: z.number().int() }),
    run: (ctx, { params, body }) => disableServiceAccount(ctx, { ...params, ...body }),
  }),
]

const tokens: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/service-accounts/{accountId}/tokens',
    operationId: 'listServiceTokens',
    summary: 'The tokens of a service account',
    description: 'The newest hundred. Their text is kept nowhere.',
    tag,
    action: 'service-account:read',
    params: idParam('accountId', 'serviceAccount'),
    status: 200,
    response: z.object({ items: z.array(ServiceToken), nextCursor: z.null() }),
    run: async (ctx, { params }) => ({ items: await listServiceTokens(ctx, params.accountId), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/service-accounts/{accountId}/tokens',
    operationId: 'issueServiceToken',
    summary: 'Issue a bearer token for a service account',
    description: 'The token is shown once, so idempotency keys are refused here. It holds for thirty days at most.',
    tag,
    action: 'service-account:issue-token',
    params: idParam('accountId', 'serviceAccount'),
    body: ServiceTokenInput.omit({ accountId: true }),
    status: 201,
    response: z.object({ id: z.string(), token: z.string(), expiresAt: instant }),
    replayable: false,
    run: (ctx, { params, body }) => issueServiceToken(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/signing-keys/rotate',
    operationId: 'rotateTokenKey',
    summary: 'Rotate the key that signs our own tokens',
    description:
      "An act in the installation's own workspace: send `quarterdeck-workspace: quarterdeck`. Tokens of the key before stay good until they expire; rotating twice ends those of the first.",
    tag,
    action: 'signing-key:rotate',
    status: 200,
    response: z.object({ keyId: z.string(), retiredKeyId: z.string().nullable() }),
    run: (ctx) => rotateTokenKey(ctx),
  }),
]

export const serviceAccountRoutes: readonly ApiRoute[] = [...accounts, ...tokens]
