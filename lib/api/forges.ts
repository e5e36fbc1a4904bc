import { z } from '@hono/zod-openapi'
import { connectForge } from '#lib/forges/connect-forge.ts'
import { disableForge } from '#lib/forges/disable-forge.ts'
import { ConnectForgeInput, forgeKinds } from '#lib/forges/model.ts'
import { listForges } from '#lib/forges/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, instantOrNull, pageSchema, paging, reason } from './schemas.ts'

const tag = 'Forges'

const Forge = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(forgeKinds),
    repository: z.string(),
    createdAt: instant,
    disabledAt: instantOrNull,
    recorded: z.number().int().min(0).openapi({ description: 'how many pieces of evidence came of it' }),
  })
  .openapi('Forge')

export const forgeRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/forges',
    operationId: 'listForges',
    summary: 'Repositories whose pipelines become evidence',
    tag,
    action: 'forge:read',
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(Forge),
    run: (ctx, { query }) => listForges(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/forges',
    operationId: 'connectForge',
    summary: 'Connect a repository of GitHub or GitLab',
    description:
      'Set its webhook to `/api/v1/hooks/forges/{id}` with the secret that is answered this once: GitHub for `workflow_run` as JSON, GitLab for pipeline events. Idempotency keys are refused.',
    tag,
    action: 'forge:connect',
    body: ConnectForgeInput,
    status: 201,
    response: z.object({ id: z.string(), hookSecret: z.string() }),
    replayable: false,
    run: (ctx, { body }) => connectForge(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/forges/{forgeId}/disable',
    operationId: 'disableForge',
    summary: 'End a connection for good',
    description: 'Its secret is forgotten; evidence that came of it stays.',
    tag,
    action: 'forge:disable',
    params: idParam('forgeId', 'forge'),
    body: z.strictObject({ reason }),
    status: 200,
    response: z.object({ forgeId: z.string() }),
    run: (ctx, { params, body }) => disableForge(ctx, { ...params, ...body }),
  }),
]
