import { z } from '@hono/zod-openapi'
import { acknowledgeFinding } from '#lib/drift/acknowledge-finding.ts'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { AcknowledgeFindingInput, CreateMonitorInput, CreateProfileInput } from '#lib/drift/model.ts'
import { listFindings, listMonitors, listProfiles, readFinding, readMonitor, readPsiSeries } from '#lib/drift/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { can, idOf, idParam, instant, instantOrNull, moment, pageSchema, paging, structure } from './schemas.ts'

const tag = 'Drift'

const Profile = z
  .object({
    id: z.string(),
    versionId: z.string(),
    digest: z.string(),
    source: z.string(),
    rows: z.number().int(),
    createdAt: instant,
  })
  .openapi('DriftProfile')
const Monitor = z
  .object({
    id: z.string(),
    endpointId: z.string(),
    endpointName: z.string(),
    environment: z.string(),
    profileId: z.string(),
    name: z.string(),
    windowSeconds: z.number().int(),
    latenessSeconds: z.number().int(),
    labelFeatures: z.array(z.string()),
    policyName: z.string(),
    policyDigest: z.string(),
    policy: structure('the policy that it judges by'),
    evaluatedUntil: instantOrNull,
    newestEventAt: instantOrNull,
    createdAt: instant,
    features: z.array(structure('the newest verdict of one feature, with its figures; worst first')),
  })
  .openapi('DriftMonitor')
const findingFields = {
  id: z.string(),
  monitorId: z.string(),
  monitorName: z.string(),
  endpointId: z.string(),
  endpointName: z.string(),
  environment: z.string(),
  feature: z.string(),
  level: z.string(),
  state: z.enum(['open', 'acknowledged', 'resolved']),
  since: instant,
  lastWindowAt: instant,
  figures: structure('effect, significance and windows that the finding stands on'),
  attribution: structure('which bins moved, and by how much of the whole'),
  because: z.string(),
  drill: z.string().nullable(),
  openedAt: instant,
  acknowledgedAt: instantOrNull,
  acknowledgedBy: z.string().nullable(),
  resolvedAt: instantOrNull,
  can: z.object({ acknowledge: can }),
}
const Finding = z.object(findingFields).openapi('DriftFinding')
const FindingDetail = z
  .object({
    ...findingFields,
    bins: z.array(
      z.object({
        label: z.string(),
        referenceCount: z.number(),
        currentCount: z.number(),
        referenceShare: z.number(),
        currentShare: z.number(),
        contribution: z.number(),
        residual: z.number(),
      }),
    ),
  })
  .openapi('DriftFindingDetail')

const monitorParam = idParam('monitorId', 'monitor')
const findingParam = idParam('findingId', 'finding')

const profiles: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/profiles',
    operationId: 'listProfiles',
    summary: 'Reference profiles of a version',
    description: 'All of them, on one page.',
    tag,
    action: 'drift:read',
    query: z.strictObject({ versionId: idOf('version') }),
    status: 200,
    response: z.object({ items: z.array(Profile), nextCursor: z.null() }),
    run: async (ctx, { query }) => ({ items: await listProfiles(ctx, query.versionId), nextCursor: null }),
  }),
  defineRoute({
    method: 'post',
    path: '/profiles',
    operationId: 'createProfile',
    summary: 'Freeze a reference profile',
    tag,
    action: 'profile:create',
    body: CreateProfileInput,
    // Two thousand features of fifty cells.
    bodyBytesMax: 8 * 1_048_576,
    status: 201,
    response: Profile,
    run: (ctx, { body }) => createProfile(ctx, body),
  }),
]

const monitors: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/monitors',
    operationId: 'listMonitors',
    summary: 'Drift monitors, newest first',
    tag,
    action: 'drift:read',
    query: z.strictObject({ ...paging, endpointId: idOf('endpoint').optional() }),
    status: 200,
    response: pageSchema(Monitor),
    run: (ctx, { query }) => listMonitors(ctx, query),
  }),
  defineRoute({
    method: 'post',
    path: '/monitors',
    operationId: 'createMonitor',
    summary: 'Watch an endpoint against a reference profile',
    tag,
    action: 'monitor:create',
    body: CreateMonitorInput,
    status: 201,
    response: z.object({ id: z.string(), name: z.string() }),
    run: (ctx, { body }) => createMonitor(ctx, body),
  }),
  defineRoute({
    method: 'get',
    path: '/monitors/{monitorId}',
    operationId: 'readMonitor',
    summary: 'A drift monitor with its newest verdicts',
    tag,
    action: 'drift:read',
    params: monitorParam,
    status: 200,
    response: Monitor,
    run: (ctx, { params }) => readMonitor(ctx, params.monitorId),
  }),
  defineRoute({
    method: 'get',
    path: '/monitors/{monitorId}/psi',
    operationId: 'readPsiSeries',
    summary: 'The PSI of one feature, window by window',
    tag,
    action: 'drift:read',
    params: monitorParam,
    query: z.strictObject({ feature: z.string().min(1).max(256), from: moment, to: moment }),
    status: 200,
    response: z.object({
      items: z.array(z.object({ windowAt: instant, rows: z.number().int(), psi: z.number().nullable() })),
      nextCursor: z.null(),
    }),
    run: async (ctx, { params, query }) => ({
      items: await readPsiSeries(ctx, { ...params, ...query }),
      nextCursor: null,
    }),
  }),
]

const findings: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/findings',
    operationId: 'listFindings',
    summary: 'Drift findings, newest first',
    tag,
    action: 'drift:read',
    query: z.strictObject({
      ...paging,
      endpointId: idOf('endpoint').optional(),
      monitorId: idOf('monitor').optional(),
      state: z.enum(['open', 'acknowledged', 'resolved']).optional(),
    }),
    status: 200,
    response: pageSchema(Finding),
    run: (ctx, { query }) => listFindings(ctx, query),
  }),
  defineRoute({
    method: 'get',
    path: '/findings/{findingId}',
    operationId: 'readFinding',
    summary: 'A drift finding with every bin of its feature',
    tag,
    action: 'drift:read',
    params: findingParam,
    status: 200,
    response: FindingDetail,
    run: (ctx, { params }) => readFinding(ctx, params.findingId),
  }),
  defineRoute({
    method: 'post',
    path: '/findings/{findingId}/acknowledge',
    operationId: 'acknowledgeFinding',
    summary: 'Say that a finding is known, and why it may stand',
    tag,
    action: 'finding:acknowledge',
    params: findingParam,
    body: AcknowledgeFindingInput.omit({ findingId: true }),
    status: 200,
    response: z.object({ id: z.string(), state: z.literal('acknowledged') }),
    run: (ctx, { params, body }) => acknowledgeFinding(ctx, { ...params, ...body }),
  }),
]

export const driftRoutes: readonly ApiRoute[] = [...profiles, ...monitors, ...findings]
