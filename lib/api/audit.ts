import { z } from '@hono/zod-openapi'
import { EntryContent } from '#lib/audit/content.ts'
import { eraseDetail } from '#lib/audit/erase-detail.ts'
import { listEntries, readEntry, readLogStatus } from '#lib/audit/reads.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { filterText, idOf, idParam, instant, instantOrNull, moment, pageSchema, paging } from './schemas.ts'

const tag = 'Audit'

const outcomes = ['done', 'denied', 'found'] as const
const fields = {
  id: z.string(),
  time: instant,
  kind: z.string(),
  outcome: z.enum(outcomes),
  resource: z.object({ kind: z.string(), id: z.string() }),
  actorId: z.string().nullable().openapi({ description: 'who acted, as a pseudonym that outlives erasure' }),
  requestId: z.string().nullable(),
  digest: z.string().openapi({ description: 'the salted digest of the content, as the log has it' }),
  index: z.string().nullable().openapi({ description: 'place in the log; null until it has one' }),
  content: EntryContent.nullable().openapi({ description: 'null once it was erased' }),
}
const Entry = z.object(fields).openapi('AuditEntry')
const EntryPage = pageSchema(Entry)
  .extend({
    previousCursor: z.string().nullable().openapi({ description: 'null on the newest page' }),
    lookedTo: instantOrNull.openapi({
      description: 'set when the page ends because it may look at no more entries; `nextCursor` goes on from there',
    }),
  })
  .openapi('AuditEntryPage')
const receipt = z.object({ leaf: z.string(), proof: z.string() }).nullable().openapi({
  description: 'what shows that it is in the log: the leaf and a C2SP tlog-proof; null until it has a place',
})
const EntryDetail = z.object({ ...fields, receipt }).openapi('AuditEntryDetail')
const LogStatus = z
  .object({
    origin: z.string(),
    originProblem: z
      .string()
      .nullable()
      .openapi({ description: 'set when the configured origin is not that of the log' }),
    head: z.object({ size: z.number().int(), root: z.string(), at: instant }).nullable(),
    vkey: z.string().nullable(),
    backlog: z.number().int(),
    lagSeconds: z.number(),
    missing: z
      .number()
      .int()
      .openapi({ description: 'entries that processes counted and that have no place in the log' }),
    publications: z.array(
      z.object({
        target: z.string(),
        size: z.number().int(),
        publishedAt: instantOrNull,
        checkedAt: instantOrNull,
        failure: z.string().nullable(),
      }),
    ),
    monitor: z.object({ checkedAt: instantOrNull, sweptAt: instantOrNull, mismatches: z.array(z.string()) }),
  })
  .openapi('AuditLogStatus')
export const auditRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/audit/entries',
    operationId: 'listAuditEntries',
    summary: 'Who did what, and why, newest first',
    tag,
    action: 'audit:read',
    query: z.strictObject({
      ...paging,
      newer: z.string().max(100).optional().openapi({ description: '`previousCursor` of a page; not with `cursor`' }),
      kind: filterText.optional(),
      outcome: z.enum(outcomes).optional(),
      resourceKind: filterText.optional(),
      resourceId: filterText.optional(),
      actorId: idOf('identity').optional(),
      requestId: filterText.optional(),
      from: moment.optional(),
      to: moment.optional(),
      text: filterText.optional(),
    }),
    status: 200,
    response: EntryPage,
    run: (ctx, { query }) => listEntries(ctx, query),
  }),
  defineRoute({
    method: 'get',
    path: '/audit/entries/{entryId}',
    operationId: 'readAuditEntry',
    summary: 'An audit entry',
    tag,
    action: 'audit:read',
    params: idParam('entryId', 'entry'),
    status: 200,
    response: EntryDetail,
    run: (ctx, { params }) => readEntry(ctx, params.entryId),
  }),
  defineRoute({
    method: 'get',
    path: '/audit/status',
    operationId: 'readLogStatus',
    summary: 'How the log stands: its head, its key and what has no place in it yet',
    tag,
    action: 'audit:read',
    status: 200,
    response: LogStatus,
    run: (ctx) => readLogStatus(ctx),
  }),
  defineRoute({
    method: 'post',
    path: '/audit/erasures',
    operationId: 'eraseAuditDetail',
    summary: 'Erases who it was, or all that one old entry says; digests and proofs stay',
    description:
      'A person (`identityId`, scope `person`) at any time; all of an entry only once it has been kept for six months. The act is an audit entry.',
    tag,
    action: 'audit:erase',
    body: z.strictObject({
      of: z.union([z.strictObject({ identityId: idOf('identity') }), z.strictObject({ entryId: idOf('entry') })]),
      scope: z.enum(['person', 'all']),
      reason: z.string().trim().min(10).max(2000),
    }),
    status: 200,
    response: z.object({ entries: z.number().int(), more: z.boolean() }).openapi('AuditErasure'),
    problems: ['not-found', 'conflict'],
    run: (ctx, { body }) => eraseDetail(ctx, body),
  }),
]
