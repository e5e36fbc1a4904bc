import { z } from '@hono/zod-openapi'
import { ReviewBreakGlassInput, UseBreakGlassInput } from '#lib/approvals/model-break-glass.ts'
import { listBreakGlass, readBreakGlass } from '#lib/approvals/reads-break-glass.ts'
import { whatIf, WhatIfInput } from '#lib/approvals/reads-what-if.ts'
import { reviewBreakGlass } from '#lib/approvals/review-break-glass.ts'
import { useBreakGlass } from '#lib/approvals/use-break-glass.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, pageSchema, paging, person } from './schemas.ts'

const tag = 'Approvals'
const verdict = z.enum(['accepted', 'objected'])

const BreakGlass = z
  .object({
    id: z.string(),
    version: z.object({ id: z.string(), modelName: z.string(), version: z.string(), digest: z.string() }),
    environment: z.object({ id: z.string(), name: z.string() }),
    policy: z.object({ name: z.string(), digest: z.string() }),
    incidentId: z.string().nullable(),
    reason: z.string(),
    usedBy: person,
    at: instant,
    expiresAt: instant,
    live: z.boolean(),
    reviewDueAt: instant,
    overdue: z.boolean(),
    review: z.object({ by: person, at: instant, verdict, reason: z.string() }).nullable(),
  })
  .openapi('BreakGlass')

const glassParam = idParam('breakGlassId', 'breakGlass')
const outcome = z.enum(['approved', 'rejected', 'undecided', 'refused'])

export const breakGlassRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/break-glass',
    operationId: 'listBreakGlass',
    summary: 'Uses of break-glass, newest first',
    tag,
    action: 'approval:read',
    query: z.strictObject({
      ...paging,
      versionId: idOf('version').optional(),
      environmentId: idOf('environment').optional(),
    }),
    status: 200,
    response: pageSchema(BreakGlass),
    run: (ctx, { query }) => listBreakGlass(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/break-glass',
    operationId: 'useBreakGlass',
    summary: 'Let a version serve without approval, in an emergency',
    tag,
    action: 'break-glass:use',
    body: UseBreakGlassInput,
    status: 201,
    response: z.object({
      id: z.string(),
      versionId: z.string(),
      environmentId: z.string(),
      expiresAt: instant,
      reviewDueAt: instant,
    }),
    run: (ctx, { body }) => useBreakGlass(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/break-glass/{breakGlassId}',
    operationId: 'readBreakGlass',
    summary: 'A use of break-glass with its review',
    tag,
    action: 'approval:read',
    params: glassParam,
    status: 200,
    response: BreakGlass,
    run: (ctx, { params }) => readBreakGlass(ctx, params.breakGlassId),
  }),
  defineRoute({
    method: 'post',
    path: '/break-glass/{breakGlassId}/review',
    operationId: 'reviewBreakGlass',
    summary: 'Review a use of break-glass; not by its user',
    tag,
    action: 'break-glass:review',
    params: glassParam,
    body: ReviewBreakGlassInput.omit({ breakGlassId: true }),
    status: 200,
    response: z.object({ breakGlassId: z.string(), verdict }),
    run: (ctx, { params, body }) => reviewBreakGlass(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/approval-policies/what-if',
    operationId: 'whatIfPolicies',
    summary: 'Which past requests other policies would have decided otherwise; changes nothing',
    tag,
    action: 'approval:read',
    body: WhatIfInput,
    status: 200,
    response: z.object({
      policies: z.array(z.object({ name: z.string(), digest: z.string() })),
      replayed: z.number().int(),
      otherwise: z.array(
        z.object({
          approvalId: z.string(),
          model: z.string(),
          version: z.string(),
          environment: z.string(),
          requestedAt: instant,
          was: outcome,
          would: outcome,
          policy: z.string().nullable(),
          because: z.string(),
        }),
      ),
    }),
    run: (ctx, { body }) => whatIf(ctx, body),
  }),
]
