import { z } from '@hono/zod-openapi'
import { chooseModels } from '#lib/registries/choose-models.ts'
import { connectRegistry } from '#lib/registries/connect-registry.ts'
import { disableRegistry } from '#lib/registries/disable-registry.ts'
import {
  ChooseModelsInput,
  ConnectRegistryInput,
  DisableRegistryInput,
  outsideEdits,
  registryStates,
} from '#lib/registries/model.ts'
import { listRegistries, listUpstreamModels, readRegistry } from '#lib/registries/reads.ts'
import { testRegistry } from '#lib/registries/test-registry.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, instantOrNull, pageSchema, paging } from './schemas.ts'

const tag = 'Registries'
const count = z.number().int().min(0)

const Registry = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.literal('mlflow'),
    url: z.string(),
    auth: z.enum(['none', 'basic', 'bearer']),
    outsideEdits: z.enum(outsideEdits),
    state: z.enum(registryStates),
    because: z.string(),
    serverVersion: z.string().nullable(),
    createdAt: instant,
    checkedAt: instantOrNull,
    scannedAt: instantOrNull,
    syncedAt: instantOrNull,
    hookAt: instantOrNull,
    models: count,
    chosen: count,
    versions: count,
    imported: count,
    failed: count,
  })
  .openapi('Registry')
const UpstreamModel = z
  .object({
    name: z.string(),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
    aliases: z.record(z.string(), z.number().int()),
    versions: count,
    imported: count,
    failed: count,
    because: z.string().nullable(),
    chosen: z.boolean(),
    modelId: z.string().nullable(),
    gone: z.boolean(),
  })
  .openapi('UpstreamModel')

const registryParam = idParam('registryId', 'registry')

export const registryRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/registries',
    operationId: 'listRegistries',
    summary: 'Connections to model registries outside, newest first',
    tag,
    action: 'registry:read',
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(Registry),
    run: (ctx, { query }) => listRegistries(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/registries',
    operationId: 'connectRegistry',
    summary: 'Connect a model registry',
    description: 'The worker asks it at once. The webhook secret is answered this once and kept sealed.',
    tag,
    action: 'registry:connect',
    body: ConnectRegistryInput,
    replayable: false,
    status: 201,
    response: z.object({
      id: z.string(),
      name: z.string(),
      state: z.literal('checking'),
      hookSecret: z.string(),
    }),
    run: (ctx, { body }) => connectRegistry(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/registries/{registryId}',
    operationId: 'readRegistry',
    summary: 'A connection, and how much of the registry is here',
    tag,
    action: 'registry:read',
    params: registryParam,
    status: 200,
    response: Registry,
    run: (ctx, { params }) => readRegistry(ctx, params.registryId),
  }),
  defineRoute({
    method: 'get',
    path: '/registries/{registryId}/models',
    operationId: 'listUpstreamModels',
    summary: 'What the registry shows, by name',
    tag,
    action: 'registry:read',
    params: registryParam,
    // A name may be long; only these letters keep it below what a server takes as the first line of a request.
    query: z.strictObject({
      ...paging,
      cursor: z
        .string()
        .max(2_800)
        .regex(/^[A-Za-z0-9_-]*$/, 'must be the nextCursor of the page before')
        .optional(),
    }),
    status: 200,
    response: pageSchema(UpstreamModel),
    run: (ctx, { params, query }) => listUpstreamModels(ctx, params.registryId, query),
  }),
  defineRoute({
    method: 'post',
    path: '/registries/{registryId}/models',
    operationId: 'chooseModels',
    summary: 'Choose models that shall be here',
    description: 'Every version of them is imported, now and as they come.',
    tag,
    action: 'registry:choose',
    params: registryParam,
    body: ChooseModelsInput.omit({ registryId: true }),
    status: 200,
    response: z.object({ id: z.string(), chosen: z.array(z.string()) }),
    run: (ctx, { params, body }) => chooseModels(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/registries/{registryId}/test',
    operationId: 'testRegistry',
    summary: 'Have the registry asked again',
    description: 'What comes of it is in the state of the connection.',
    tag,
    action: 'registry:test',
    params: registryParam,
    status: 202,
    response: z.object({ id: z.string(), state: z.literal('checking') }),
    run: (ctx, { params }) => testRegistry(ctx, params),
  }),
  defineRoute({
    method: 'post',
    path: '/registries/{registryId}/disable',
    operationId: 'disableRegistry',
    summary: 'End a connection',
    description: 'What was imported stays; the credentials are forgotten.',
    tag,
    action: 'registry:disable',
    params: registryParam,
    body: DisableRegistryInput.omit({ registryId: true }),
    status: 200,
    response: z.object({ id: z.string(), state: z.literal('disabled') }),
    run: (ctx, { params, body }) => disableRegistry(ctx, { ...params, ...body }),
  }),
]
