import { z } from '@hono/zod-openapi'
import { EntryContent } from '#lib/audit/content.ts'
import { listEntries, readEntry } from '#lib/members/reads-audit.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { filterText, idOf, idParam, instant, pageSchema, paging } from './schemas.ts'

const tag = 'Audit'

const outcomes = ['done', 'denied', 'found'] as const
const Entry = z
  .object({
    id: z.string(),
    time: instant,
    kind: z.string(),
    outcome: z.enum(outcomes),
    resource: z.object({ kind: z.string(), id: z.string() }),
    digest: z.string().openapi({ description: 'the salted digest of the content, as the log has it' }),
    index: z.string().nullable().openapi({ description: 'place in the log; null until it has one' }),
    content: EntryContent.nullable().openapi({ description: 'null once it was erased' }),
  })
  .openapi('AuditEntry')

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
      kind: filterText.optional(),
      outcome: z.enum(outcomes).optional(),
      resourceId: filterText.optional(),
      actorId: idOf('identity').optional(),
    }),
    status: 200,
    response: pageSchema(Entry),
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
    response: Entry,
    run: (ctx, { params }) => readEntry(ctx, params.entryId),
  }),
]
