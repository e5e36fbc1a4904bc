import { z } from '@hono/zod-openapi'
import { readQuality, readQualitySeries } from '#lib/quality/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, moment } from './schemas.ts'

const tag = 'Quality'

const estimate = z
  .object({ value: z.number(), interval: z.array(z.number()).nullable(), n: z.number().int() })
  .openapi('Estimate') as unknown as z.ZodType<
  unknown,
  { value: number; interval: readonly [number, number] | null; n: number }
>
const figure = estimate.nullable()
const figures = {
  counts: z.object({
    labelled: z.number().int(),
    correct: z.number().int(),
    positives: z.number().int(),
    predictedPositives: z.number().int(),
    truePositives: z.number().int(),
    scoreMicros: z.number().int(),
    brierMicros: z.number().int(),
    logLossMicros: z.number().int(),
    logLossSquareMicros: z.number().int(),
    scorePositive: z.array(z.number().int()),
    scoreNegative: z.array(z.number().int()),
    delaySecondsSum: z.number().int(),
  }),
  metrics: z.object({
    accuracy: figure,
    precision: figure,
    recall: figure,
    f1: figure,
    auc: figure,
    logLoss: figure,
    brier: z.number().nullable(),
    calibrationGap: figure,
    meanDelaySeconds: z.number().nullable(),
  }),
}
const Quality = z
  .object({
    versions: z.array(z.object({ ...figures, versionId: z.string() })),
    pending: z.object({ predictions: z.number().int(), earlyLabels: z.number().int() }),
  })
  .openapi('Quality')
const QualityPoint = z.object({ ...figures, versionId: z.string(), windowAt: instant }).openapi('QualityPoint')
const endpointParam = idParam('endpointId', 'endpoint')
const filter = z.strictObject({
  versionId: idOf('version').optional(),
  fromWindow: moment.optional(),
  toWindow: moment.optional(),
})

export const qualityRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/endpoints/{endpointId}/quality',
    operationId: 'readQuality',
    summary: 'Quality of each version at an endpoint, and what still awaits labels',
    tag,
    action: 'quality:read',
    params: endpointParam,
    query: filter,
    status: 200,
    response: Quality,
    run: (ctx, { params, query }) => readQuality(ctx, { ...params, ...query }),
  }),
  defineRoute({
    method: 'get',
    path: '/endpoints/{endpointId}/quality/series',
    operationId: 'readQualitySeries',
    summary: 'Quality of each version by day of event time',
    tag,
    action: 'quality:read',
    params: endpointParam,
    query: filter,
    status: 200,
    response: z.object({ items: z.array(QualityPoint), nextCursor: z.null() }),
    run: async (ctx, { params, query }) => ({
      items: await readQualitySeries(ctx, { ...params, ...query }),
      nextCursor: null,
    }),
  }),
]
