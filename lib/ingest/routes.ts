import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { sql } from 'kysely'
import type { IngestGrant } from '#lib/members/verify-ingest-key.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem, problem, toProblemDocument } from '#lib/platform/errors.ts'
import { admitEvents, namedIn } from '#lib/telemetry/admit.ts'
import type { rememberingDirectory } from '#lib/telemetry/reads-directory.ts'
import { answerOf, type Answer } from './answer.ts'
import { readBody, type ByteBudget } from './body.ts'
import type { Batch } from './commit.ts'
import { bodyFormat, parseEvents } from './parse.ts'

export type RouteParts = {
  state: { stopping: boolean }
  bodyBytesMax: number
  budget: ByteBudget
  grantOf: (authorization: string | undefined) => Promise<IngestGrant>
  directory: ReturnType<typeof rememberingDirectory>
  submit: (batch: Batch) => Promise<Answer>
}

type IngestContext = Context<{ Bindings: HttpBindings }>

const batchIdPattern = /^[A-Za-z0-9._:/-]{1,128}$/

export function ingestRoutes(system: System, parts: RouteParts): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  // A server that stops ends each connection with the answer under way: a client that keeps it would hold the server up.
  app.use(async (c, next) => {
    await next()
    if (parts.state.stopping) c.header('connection', 'close')
  })
  app.post('/v1/events', (c) => takeEvents(system, parts, c))
  app.all('/v1/events', (c) => {
    c.header('allow', 'POST')
    throw problem('method-not-allowed', 'Send events with POST.')
  })
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', async (c) => {
    if (parts.state.stopping) return c.text('stopping\n', 503)
    await sql`select 1`.execute(system.db)
    return c.text('ready\n')
  })
  app.get('/metrics', async (c) => {
    const text = await system.metrics.registry.metrics()
    return c.body(text, 200, { 'content-type': system.metrics.registry.contentType })
  })
  app.notFound(() => {
    throw problem('not-found', 'There is no such path here. Events go to POST /v1/events.')
  })
  app.onError((error, c) => failure(system, error, c))
  return app
}

async function takeEvents(system: System, parts: RouteParts, c: IngestContext): Promise<Response> {
  const grant = await parts.grantOf(c.req.header('authorization'))
  const batchId = readBatchId(c.req.header('x-batch-id'))
  const format = bodyFormat(c.req.header('content-type'))
  const body = await readBody(c.env.incoming, { bytesMax: parts.bodyBytesMax, budget: parts.budget })
  try {
    const { events, rejected: malformed } = parseEvents(body, format)
    await parts.directory.learn(namedIn(events))
    const nowMs = system.clock.now().getTime()
    const { admitted, rejected: refused } = admitEvents(events, grant, parts.directory, nowMs)
    const rejected = [...malformed, ...refused]
    const { workspaceId, endpointId } = grant
    const answer =
      admitted.length === 0
        ? answerOf(0, rejected)
        : await parts.submit({ workspaceId, endpointId, batchId, events: admitted, rejected })
    count(system, answer, admitted)
    return answer.accepted > 0 ? c.json(answer) : refuseAll(system, answer, c)
  } finally {
    parts.budget.give(body.length)
  }
}

/** Nothing of it was taken: the first wrong field is named in the message, and all of them in the list. */
function refuseAll(system: System, answer: Answer, c: IngestContext): Response {
  const [first] = answer.rejected
  const where = first ? [`event ${first.index}`, ...(first.path === '' ? [] : [first.path])].join(', ') : 'events'
  return failure(system, problem('invalid', `${where}: ${first?.message ?? 'not valid'}`, answer), c)
}

function readBatchId(header: string | undefined): string | null {
  if (header === undefined) return null
  if (batchIdPattern.test(header)) return header
  throw problem('invalid', 'x-batch-id: must be 1 to 128 letters, digits and . _ : / -')
}

function failure(system: System, error: unknown, c: Context): Response {
  const document = toProblemDocument(error, newRequestId(system))
  if (!isProblem(error) || document.status >= 500)
    system.log.error({ err: error, requestId: document.requestId }, 'a telemetry request failed')
  const after = document.retryAfterSeconds
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    ...(typeof after === 'number' ? { 'retry-after': String(after) } : {}),
    ...(document.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
    // The rest of a body that was not read to its end would be taken for the next request.
    ...(document.code === 'too-large' ? { connection: 'close' } : {}),
  }
  return c.body(JSON.stringify(document), document.status as ContentfulStatusCode, headers)
}

function count(system: System, answer: Answer, admitted: Batch['events']): void {
  const { ingestEvents } = system.metrics
  const rejected = answer.rejected.length + (answer.rejectedMore ?? 0)
  if (rejected > 0) ingestEvents.inc({ type: 'any', outcome: 'rejected' }, rejected)
  if (answer.duplicate) return ingestEvents.inc({ type: 'any', outcome: 'duplicate' }, admitted.length)
  // What drift does not count is folded all the same, and among the rejections as well.
  for (const { event } of admitted) ingestEvents.inc({ type: event.type, outcome: 'folded' })
}
