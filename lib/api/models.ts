import { z } from '@hono/zod-openapi'
import { createEnvironment } from '#lib/models/create-environment.ts'
import {
  ArtifactFile,
  CreateEnvironmentInput,
  Evaluation,
  Lineage,
  RegisterModelInput,
  RegisterVersionInput,
  risks,
  SetAliasInput,
} from '#lib/models/model.ts'
import { listEnvironments, listModels, listServing, listVersions, readModel, readVersion } from '#lib/models/reads.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { setAlias } from '#lib/models/set-alias.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { filterText, idOf, idParam, instant, instantOrNull, pageSchema, paging, person } from './schemas.ts'

const tag = 'Models'

const modelFields = {
  id: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  risk: z.enum(risks),
  labels: z.array(z.string()),
  createdAt: instant,
}
const Serving = z
  .object({
    endpointId: z.string(),
    environmentId: z.string(),
    environment: z.string(),
    modelId: z.string(),
    versionId: z.string(),
    version: z.string(),
    since: instant,
    until: instantOrNull,
  })
  .openapi('Serving')
const Model = z.object(modelFields).openapi('Model')
const ModelDetail = z
  .object({
    ...modelFields,
    aliases: z.array(z.object({ alias: z.string(), versionId: z.string(), updatedAt: instant })),
    serving: z.array(Serving),
  })
  .openapi('ModelDetail')
const Version = z
  .object({
    id: z.string(),
    modelId: z.string(),
    modelName: z.string(),
    version: z.string(),
    digest: z.string(),
    artifactUri: z.string(),
    files: z.array(ArtifactFile),
    lineage: Lineage,
    evaluation: Evaluation,
    card: z.string(),
    createdAt: instant,
    createdBy: person,
  })
  .openapi('Version')
const Environment = z.object({ id: z.string(), name: z.string(), protected: z.boolean() }).openapi('Environment')

const modelParam = idParam('modelId', 'model')

const environments: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/environments',
    operationId: 'listEnvironments',
    summary: 'The environments of the workspace',
    description: 'All of them, on one page.',
    tag,
    action: 'environment:read',
    status: 200,
    response: z.object({ items: z.array(Environment), nextCursor: z.null() }),
    run: async (ctx) => ({ items: await listEnvironments(ctx), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/environments',
    operationId: 'createEnvironment',
    summary: 'Create an environment',
    description: 'In a protected one nothing serves without an approval.',
    tag,
    action: 'environment:create',
    body: CreateEnvironmentInput,
    status: 201,
    response: Environment,
    run: (ctx, { body }) => createEnvironment(ctx, body),
  }),
]

const models: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/models',
    operationId: 'listModels',
    summary: 'Models, newest first',
    tag,
    action: 'model:read',
    query: z.strictObject({ ...paging, text: filterText.optional() }),
    status: 200,
    response: pageSchema(Model),
    run: (ctx, { query }) => listModels(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/models',
    operationId: 'registerModel',
    summary: 'Register a model',
    tag,
    action: 'model:register',
    body: RegisterModelInput,
    status: 201,
    response: Model,
    run: (ctx, { body }) => registerModel(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/models/{modelId}',
    operationId: 'readModel',
    summary: 'A model, with its aliases and what serves now',
    tag,
    action: 'model:read',
    params: modelParam,
    status: 200,
    response: ModelDetail,
    run: (ctx, { params }) => readModel(ctx, params.modelId),
  }),
  defineRoute({
    method: 'post',
    path: '/models/{modelId}/aliases',
    operationId: 'setAlias',
    summary: 'Move an alias, from the version that was last read',
    tag,
    action: 'alias:set',
    params: modelParam,
    body: SetAliasInput.omit({ modelId: true }),
    status: 200,
    response: z.object({ before: z.string().nullable(), versionId: z.string() }),
    run: (ctx, { params, body }) => setAlias(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'get',
    path: '/serving',
    operationId: 'listServing',
    summary: 'Which versions serve now, or have served',
    description: 'At most 200, newest first, on one page.',
    tag,
    action: 'model:read',
    query: z.strictObject({
      modelId: idOf('model').optional(),
      endpointId: idOf('endpoint').optional(),
      history: z.enum(['true', 'false']).optional(),
    }),
    status: 200,
    response: z.object({ items: z.array(Serving), nextCursor: z.null() }),
    run: async (ctx, { query: { modelId, endpointId, history } }) => ({
      items: await listServing(ctx, {
        ...(modelId ? { modelId } : {}),
        ...(endpointId ? { endpointId } : {}),
        history: history === 'true',
      }),
      nextCursor: null,
    }),
  }),
]

const versions: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/models/{modelId}/versions',
    operationId: 'listVersions',
    summary: 'Versions of a model, newest first',
    tag,
    action: 'model:read',
    params: modelParam,
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(Version),
    run: (ctx, { params, query }) => listVersions(ctx, params.modelId, query),
  }),
  defineRoute({
    method: 'post',
    path: '/models/{modelId}/versions',
    operationId: 'registerVersion',
    summary: 'Register a version',
    description: 'A version is its digest: it is written once and never changed.',
    tag,
    action: 'version:register',
    params: modelParam,
    body: RegisterVersionInput.omit({ modelId: true }),
    // Ten thousand listed files with paths of ordinary length.
    bodyBytesMax: 4 * 1_048_576,
    status: 201,
    response: Version,
    run: (ctx, { params, body }) => registerVersion(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'get',
    path: '/versions/{versionId}',
    operationId: 'readVersion',
    summary: 'A version',
    tag,
    action: 'model:read',
    params: idParam('versionId', 'version'),
    status: 200,
    response: Version,
    run: (ctx, { params }) => readVersion(ctx, params.versionId),
  }),
]

export const modelRoutes: readonly ApiRoute[] = [...environments, ...models, ...versions]
