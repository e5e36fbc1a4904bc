import { z } from '@hono/zod-openapi'
import { createSlo } from '#lib/slos/create-slo.ts'
import { CreateSloInput } from '#lib/slos/model.ts'
import { listSlos, readBurnDown, readSlo } from '#lib/slos/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, instantOrNull, pageSchema, paging, structure } from './schemas.ts'

const tag = 'Objectives'

const states = ['no-data', 'ok', 'burning'] as const
const Slo = z
  .object({
    id: z.string(),
    name: z.string(),
    endpoint: z.object({ id: z.string(), name: z.string() }),
    modelName: z.string(),
    environment: z.string(),
    kind: z.enum(['availability', 'latency']),
    target: z.number(),
    thresholdMs: z.number().nullable(),
    windowSeconds: z.number().int(),
    policy: z.object({ name: z.string(), digest: z.string() }),
    state: z.enum(states),
    severity: z.enum(['page', 'ticket']).nullable(),
    because: z.string(),
    status: z.union([structure('budget, burn rates and alerts as last evaluated'), z.null()]),
    evaluatedAt: instantOrNull,
    createdAt: instant,
  })
  .openapi('Slo')

const sloParam = idParam('sloId', 'slo')

export const sloRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/slos',
    operationId: 'listSlos',
    summary: 'Objectives as last evaluated, newest first',
    tag,
    action: 'slo:read',
    query: z.strictObject({ ...paging, endpointId: idOf('endpoint').optional(), state: z.enum(states).optional() }),
    status: 200,
    response: pageSchema(Slo),
    run: (ctx, { query }) => listSlos(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/slos',
    operationId: 'createSlo',
    summary: 'Give an endpoint an objective of a policy file',
    tag,
    action: 'slo:create',
    body: CreateSloInput,
    status: 201,
    response: z.object({ id: z.string(), name: z.string(), endpointId: z.string(), state: z.literal('no-data') }),
    run: (ctx, { body }) => createSlo(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/slos/{sloId}',
    operationId: 'readSlo',
    summary: 'An objective with its budget and burn rates',
    tag,
    action: 'slo:read',
    params: sloParam,
    status: 200,
    response: Slo,
    run: (ctx, { params }) => readSlo(ctx, params.sloId),
  }),
  defineRoute({
    method: 'get',
    path: '/slos/{sloId}/burn-down',
    operationId: 'readBurnDown',
    summary: "How an objective's budget went down over its window",
    tag,
    action: 'slo:read',
    params: sloParam,
    query: z.strictObject({
      steps: z
        .string()
        .regex(/^[1-9]\d{0,2}$/, { error: 'must be a whole number from 1 to 360' })
        .transform(Number)
        .default(60)
        .openapi({ type: 'integer', minimum: 1, maximum: 360, default: 60 }),
    }),
    status: 200,
    response: z.object({
      items: z.array(
        z.object({
          at: instant,
          good: z.number().int(),
          total: z.number().int(),
          left: z.number().nullable().openapi({ description: 'of the whole budget; null where nothing is known' }),
        }),
      ),
      nextCursor: z.null(),
    }),
    run: async (ctx, { params, query }) => ({
      items: await readBurnDown(ctx, { ...params, ...query }),
      nextCursor: null,
    }),
  }),
]
