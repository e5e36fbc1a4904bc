import { z } from '@hono/zod-openapi'
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { deployVersion } from '#lib/endpoints/deploy-version.ts'
import { CreateEndpointInput, DeployVersionInput } from '#lib/endpoints/model.ts'
import { listEndpoints, readEndpoint } from '#lib/endpoints/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, instantOrNull, pageSchema, paging } from './schemas.ts'

const tag = 'Endpoints'

const weights = z.array(z.object({ versionId: z.string(), percent: z.number() }))
const placed = z.object({ versionId: z.string(), version: z.string() }).nullable()
const Server = z
  .object({
    versionId: z.string(),
    state: z.enum(['starting', 'ready', 'unready', 'crashed', 'stopped']),
    restarts: z.number().int(),
    since: z.number().openapi({ description: 'epoch ms' }),
    lastExit: z.object({ code: z.number().nullable(), signal: z.string().nullable(), at: z.number() }).nullable(),
    url: z.string().nullable(),
    artifactDigest: z.string().nullable(),
    resourceVersion: z.string(),
  })
  .openapi('ServerObservation')
const Observed = z
  .object({
    servers: z.array(Server),
    traffic: z
      .object({
        weights,
        generation: z.number().int(),
        resourceVersion: z.string(),
        breaker: z
          .object({ tripId: z.string(), trippedAt: z.number(), versionId: z.string(), because: z.string() })
          .nullable(),
        otherManager: z.string().nullable(),
      })
      .nullable(),
    missing: z.string().nullable(),
  })
  .openapi('ObservedEndpoint')
const Endpoint = z
  .object({
    id: z.string(),
    name: z.string(),
    modelId: z.string(),
    modelName: z.string(),
    environment: z.object({ id: z.string(), name: z.string(), protected: z.boolean() }),
    cluster: z.string(),
    rolloutPolicy: z.string(),
    state: z.enum(['empty', 'deploying', 'serving', 'degraded', 'unreachable']),
    because: z.string(),
    stable: placed,
    candidate: placed,
    intended: weights,
    observed: Observed.nullable(),
    observedAt: instantOrNull,
    createdAt: instant,
  })
  .openapi('Endpoint')

export const endpointRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/endpoints',
    operationId: 'listEndpoints',
    summary: 'Endpoints, newest first, intended and observed side by side',
    tag,
    action: 'endpoint:read',
    query: z.strictObject({ ...paging, modelId: idOf('model').optional() }),
    status: 200,
    response: pageSchema(Endpoint),
    run: (ctx, { query }) => listEndpoints(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/endpoints',
    operationId: 'createEndpoint',
    summary: 'Create an endpoint',
    description: 'Nothing serves until a version is deployed to it.',
    tag,
    action: 'endpoint:create',
    body: CreateEndpointInput,
    status: 201,
    response: z.object({ id: z.string(), name: z.string() }),
    run: (ctx, { body }) => createEndpoint(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/endpoints/{endpointId}',
    operationId: 'readEndpoint',
    summary: 'An endpoint, intended and observed side by side',
    tag,
    action: 'endpoint:read',
    params: idParam('endpointId', 'endpoint'),
    status: 200,
    response: Endpoint,
    run: (ctx, { params }) => readEndpoint(ctx, params.endpointId),
  }),
  defineRoute({
    method: 'post',
    path: '/endpoints/{endpointId}/deploy',
    operationId: 'deployVersion',
    summary: 'Deploy the first version',
    description: 'Records the intent; what the data plane then does is read back and shown at the endpoint.',
    tag,
    action: 'endpoint:deploy',
    params: idParam('endpointId', 'endpoint'),
    body: DeployVersionInput.omit({ endpointId: true }),
    status: 202,
    response: z.object({ endpointId: z.string(), versionId: z.string(), state: z.literal('deploying') }),
    run: (ctx, { params, body }) => deployVersion(ctx, { ...params, ...body }),
  }),
]
