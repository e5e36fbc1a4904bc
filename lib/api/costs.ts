import { z } from '@hono/zod-openapi'
import { meters } from '#lib/costs/price.ts'
import { readEndpointCost, readWorkspaceCost } from '#lib/costs/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, moment } from './schemas.ts'

const tag = 'Costs'

const meter = z.enum(meters)
const share = {
  requests: z.number().int(),
  amount: z.string().openapi({ description: 'of what has a price; the whole of it only when `complete`' }),
  complete: z.boolean(),
  perThousandRequests: z.string().nullable().openapi({ description: 'null when the cost is not known' }),
}
const fields = {
  ...share,
  from: instant,
  to: instant,
  currency: z.string(),
  prices: z.object({ name: z.string(), digest: z.string() }),
  remainder: z.string().openapi({ description: "what `amount` was cut by, in 10⁻¹⁸ of the currency's unit" }),
  lines: z.array(
    z.object({
      endpointId: z.string(),
      versionId: z.string(),
      meter,
      quantity: z.string(),
      unit: z.string(),
      unitPrice: z.string(),
      provenance: z.object({ source: z.string(), note: z.string().optional() }),
      amount: z.string(),
    }),
  ),
  unpriced: z.array(
    z.object({
      endpointId: z.string(),
      versionId: z.string(),
      meter,
      quantity: z.string().nullable(),
      because: z.string(),
    }),
  ),
}
const WorkspaceCost = z
  .object({ ...fields, endpoints: z.array(z.object({ ...share, endpointId: z.string() })) })
  .openapi('WorkspaceCost')
const EndpointCost = z
  .object({
    ...fields,
    endpointId: z.string(),
    versions: z.array(
      z.object({ ...share, versionId: z.string(), serves: z.enum(['stable', 'candidate']).nullable() }),
    ),
  })
  .openapi('EndpointCost')
const range = z.strictObject({ from: moment, to: moment })

export const costRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/costs',
    operationId: 'readWorkspaceCost',
    summary: "What the workspace's endpoints cost between two moments",
    description: 'Usage without a price is listed as such: it is never counted as nothing.',
    tag,
    action: 'cost:read',
    query: range,
    status: 200,
    response: WorkspaceCost,
    run: (ctx, { query }) => readWorkspaceCost(ctx, query),
  }),
  defineRoute({
    method: 'get',
    path: '/endpoints/{endpointId}/costs',
    operationId: 'readEndpointCost',
    summary: 'What an endpoint cost between two moments, by version and meter',
    tag,
    action: 'cost:read',
    params: idParam('endpointId', 'endpoint'),
    query: range,
    status: 200,
    response: EndpointCost,
    run: (ctx, { params, query }) => readEndpointCost(ctx, { ...params, ...query }),
  }),
]
