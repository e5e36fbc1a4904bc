import { z } from '@hono/zod-openapi'
import { acknowledgeIncident } from '#lib/incidents/acknowledge-incident.ts'
import { addNote } from '#lib/incidents/add-note.ts'
import { AddNoteInput, OpenIncidentInput, ResolveIncidentInput, severities } from '#lib/incidents/model.ts'
import { openIncident } from '#lib/incidents/open-incident.ts'
import { listIncidents, readIncident, readIncidentFigures } from '#lib/incidents/reads.ts'
import { resolveIncident } from '#lib/incidents/resolve-incident.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { can, idOf, idParam, instant, instantOrNull, moment, pageSchema, paging, person } from './schemas.ts'

const tag = 'Incidents'

const states = ['open', 'acknowledged', 'mitigated', 'resolved'] as const
const personOrNull = z.union([person, z.null()])
const fields = {
  id: z.string(),
  title: z.string(),
  kind: z.string(),
  severity: z.enum(severities),
  state: z.enum(states),
  because: z.string(),
  endpoint: z.object({ id: z.string(), name: z.string() }).nullable(),
  rolloutId: z.string().nullable(),
  drill: z.string().nullable().openapi({ description: 'the label of the drill that caused it' }),
  openedAt: instant,
  openedBy: person,
  acknowledgedAt: instantOrNull,
  acknowledgedBy: personOrNull,
  resolvedAt: instantOrNull,
  resolvedBy: personOrNull,
}
const Incident = z.object(fields).openapi('Incident')
const IncidentDetail = z
  .object({
    ...fields,
    timeline: z.array(
      z.object({
        id: z.string(),
        at: instant,
        kind: z.string(),
        text: z.string(),
        entryId: z.string().nullable(),
        by: z.string().nullable(),
      }),
    ),
    changesBefore: z.array(
      z.object({
        entryId: z.string(),
        at: instant,
        action: z.string(),
        resource: z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() }),
        because: z.string(),
        by: z.string(),
      }),
    ),
    mine: z.object({ acknowledge: can, resolve: can, note: can }),
  })
  .openapi('IncidentDetail')

const incidentParam = idParam('incidentId', 'incident')

const reads: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/incidents',
    operationId: 'listIncidents',
    summary: 'Incidents, newest first',
    tag,
    action: 'incident:read',
    query: z.strictObject({
      ...paging,
      state: z.enum(states).optional(),
      unresolved: z.literal('true').optional(),
      endpointId: idOf('endpoint').optional(),
      rolloutId: idOf('rollout').optional(),
    }),
    status: 200,
    response: pageSchema(Incident),
    run: (ctx, { query: { unresolved, ...query } }) =>
      listIncidents(ctx, { ...query, unresolved: unresolved === undefined ? undefined : true }),
  }),
  defineRoute({
    method: 'get',
    path: '/incidents/{incidentId}',
    operationId: 'readIncident',
    summary: 'An incident with its timeline and what changed in the hour before',
    tag,
    action: 'incident:read',
    params: incidentParam,
    status: 200,
    response: IncidentDetail,
    run: (ctx, { params }) => readIncident(ctx, params.incidentId),
  }),
  defineRoute({
    method: 'get',
    path: '/incident-figures',
    operationId: 'readIncidentFigures',
    summary: 'How many incidents opened between two moments, and how long people took',
    tag,
    action: 'incident:read',
    query: z.strictObject({ from: moment, to: moment }),
    status: 200,
    response: z.object({
      opened: z.number().int(),
      unresolved: z.number().int(),
      drills: z.number().int(),
      mttaSeconds: z.number().nullable(),
      mttrSeconds: z.number().nullable(),
    }),
    run: (ctx, { query }) => readIncidentFigures(ctx, query),
  }),
]

const verbs: readonly ApiRoute[] = [
  defineRoute({
    method: 'post',
    path: '/incidents',
    operationId: 'openIncident',
    summary: 'Open an incident',
    tag,
    action: 'incident:open',
    body: OpenIncidentInput,
    status: 201,
    response: z.object({
      id: z.string(),
      title: z.string(),
      severity: z.enum(severities),
      state: z.literal('open'),
    }),
    run: (ctx, { body }) => openIncident(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/incidents/{incidentId}/acknowledge',
    operationId: 'acknowledgeIncident',
    summary: 'Say that somebody is on it',
    tag,
    action: 'incident:acknowledge',
    params: incidentParam,
    body: z.strictObject({}),
    status: 200,
    response: z.object({ incidentId: z.string(), state: z.enum(states), acknowledgedAt: instant }),
    run: (ctx, { params }) => acknowledgeIncident(ctx, params),
  }),
  defineRoute({
    method: 'post',
    path: '/incidents/{incidentId}/notes',
    operationId: 'addNote',
    summary: 'Add a note to the timeline',
    tag,
    action: 'incident:note',
    params: incidentParam,
    body: AddNoteInput.omit({ incidentId: true }),
    status: 201,
    response: z.object({ incidentId: z.string(), at: instant }),
    run: (ctx, { params, body }) => addNote(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/incidents/{incidentId}/resolve',
    operationId: 'resolveIncident',
    summary: 'Resolve an incident',
    tag,
    action: 'incident:resolve',
    params: incidentParam,
    body: ResolveIncidentInput.omit({ incidentId: true }),
    status: 200,
    response: z.object({ incidentId: z.string(), state: z.literal('resolved'), resolvedAt: instant }),
    run: (ctx, { params, body }) => resolveIncident(ctx, { ...params, ...body }),
  }),
]

export const incidentRoutes: readonly ApiRoute[] = [...reads, ...verbs]
