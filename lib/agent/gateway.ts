import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import type { Fleet } from './fleet.ts'
import { endToEnd, forward, type Answer, type Failure } from './forward.ts'
import type { Live } from './live.ts'
import { predictionIds } from './prediction-id.ts'
import { readBody } from './read-body.ts'
import { readEventTime } from './event-time.ts'

export type Served = {
  endpointId: string
  versionId: string
  generation: number
  predictionId: string
  /** Epoch ms, wall. */
  timeMs: number
  /** Epoch ms of `x-event-time`, else wall. */
  eventTimeMs: number
  status: number
  latencyMs: number
  requestBody: Buffer
  answer: Answer | null
}

export type GatewayOptions = {
  clock: Clock
  log: Log
  endpoints: Endpoints
  fleet: Fleet
  bodyBytesMax: number
  responseBytesMax: number
  requestTimeoutMs: number
  concurrencyMax: number
  versionConcurrencyMax: number
  /** Whether a client may name the version itself in `x-quarterdeck-version`, at weight 0 too (previews). */
  versionHeaderAllowed: boolean
  /** Called after the response went out. */
  onServed(served: Served): void
  onRejected(reason: string): void
}

export type Gateway = { server: Server; inFlight(): number }

type Refusal = { status: number; reason: string; detail: string; retryAfterSeconds?: number }
type Admitted = {
  endpoint: Endpoint
  endpointId: string
  live: Live
  versionId: string
  eventTimeMs: number
  path: string
}

const path = /^\/endpoints\/([A-Za-z0-9][A-Za-z0-9_.-]{0,99})(\/predict(?:\/[^?#]*)?(?:\?[^#]*)?)$/

/** The HTTP server that clients of the models talk to. Not yet listening. */
export function createGateway(o: GatewayOptions): Gateway {
  let inFlight = 0
  const nextId = predictionIds()
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 })
  server.on('request', (request, response) => {
    if (inFlight >= o.concurrencyMax) {
      const detail = `${o.concurrencyMax} requests are in flight; try again shortly`
      return refuse(o, response, { status: 503, reason: 'saturated', detail, retryAfterSeconds: 1 })
    }
    inFlight += 1
    handle(o, nextId, request, response)
      .catch((error: unknown) => {
        o.log.error({ err: error }, 'a request could not be handled')
        if (!response.headersSent)
          refuse(o, response, { status: 500, reason: 'internal', detail: 'The failure was logged.' })
      })
      .finally(() => {
        inFlight -= 1
      })
  })
  return { server, inFlight: () => inFlight }
}

async function handle(
  o: GatewayOptions,
  nextId: (nowMs: number) => string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body: Buffer | null
  try {
    body = await readBody(request, o.bodyBytesMax)
  } catch {
    // The client broke off while it was sending: there is nobody to answer.
    o.onRejected('client-gone')
    return
  }
  // Admission: from here to `begin` nothing is awaited, so a request belongs to exactly one generation.
  const admitted: Admitted | Refusal = body === null ? tooLarge(o) : admit(o, request)
  if ('status' in admitted || body === null) {
    return refuse(o, response, 'status' in admitted ? admitted : tooLarge(o))
  }
  const { live, versionId, endpoint } = admitted
  const timeMs = o.clock.now().getTime()
  const predictionId = nextId(timeMs)
  const startMs = o.clock.monotonicMs()
  const busy = live.inFlightOf(versionId) >= o.versionConcurrencyMax
  live.begin(versionId)
  const outcome = await send(o, admitted, request, response, body, predictionId, busy).finally(() =>
    live.end(versionId),
  )
  const status = respond(o, response, admitted, predictionId, outcome)
  // A client that went away says nothing of the version: neither success nor failure goes to the breaker.
  const isJudged = outcome.kind !== 'starting' && outcome.kind !== 'aborted'
  if (isJudged) endpoint.record(live, versionId, status >= 500)
  o.onServed({
    endpointId: admitted.endpointId,
    versionId,
    generation: live.route.traffic.generation,
    predictionId,
    timeMs,
    eventTimeMs: Number.isNaN(admitted.eventTimeMs) ? timeMs : admitted.eventTimeMs,
    status,
    latencyMs: o.clock.monotonicMs() - startMs,
    requestBody: body,
    answer: outcome.kind === 'answer' ? outcome : null,
  })
}

function admit(o: GatewayOptions, request: IncomingMessage): Admitted | Refusal {
  const match = path.exec(request.url ?? '')
  const [, endpointId = '', forwardPath = ''] = match ?? []
  if (!match) return { status: 404, reason: 'no-path', detail: 'Requests go to POST /endpoints/{endpointId}/predict' }
  if (request.method !== 'POST') return { status: 405, reason: 'method', detail: 'Predictions are asked for by POST' }
  const endpoint = o.endpoints.get(endpointId)
  const live = endpoint?.live()
  if (!endpoint || !live)
    return { status: 404, reason: 'no-endpoint', detail: `No endpoint ${endpointId} has traffic here` }
  const header = (name: string) => {
    const value = request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const eventTime = header('x-event-time')
  const eventTimeMs = eventTime === undefined ? Number.NaN : readEventTime(eventTime)
  if (eventTimeMs === null) {
    return {
      status: 400,
      reason: 'event-time',
      detail: 'x-event-time must be epoch milliseconds or an RFC 3339 date-time',
    }
  }
  const pinned = header('x-quarterdeck-version')
  const { sticky } = live.route.traffic
  const isSticky = sticky !== undefined && 'header' in sticky && sticky.header === 'x-quarterdeck-version'
  if (pinned === undefined || isSticky) {
    return { endpoint, endpointId, live, versionId: live.route.choose(header), eventTimeMs, path: forwardPath }
  }
  if (!o.versionHeaderAllowed) {
    return { status: 403, reason: 'version-header', detail: 'This gateway does not let clients choose the version' }
  }
  if (!o.fleet.observe(endpointId, pinned)) {
    return { status: 404, reason: 'no-version', detail: `No version ${pinned} runs here` }
  }
  return { endpoint, endpointId, live, versionId: pinned, eventTimeMs, path: forwardPath }
}

type Outcome = Answer | Failure | { kind: 'starting' | 'down' | 'busy'; because: string }

async function send(
  o: GatewayOptions,
  admitted: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  predictionId: string,
  busy: boolean,
): Promise<Outcome> {
  if (busy)
    return { kind: 'busy', because: `version ${admitted.versionId} has ${o.versionConcurrencyMax} requests in flight` }
  const target = o.fleet.target(admitted.endpointId, admitted.versionId)
  if (target.kind === 'not-ready') {
    const because = `the server of version ${admitted.versionId} is not ready`
    return { kind: target.everReady ? 'down' : 'starting', because }
  }
  const gone = new AbortController()
  const onClose = () => gone.abort()
  response.once('close', onClose)
  const headers = { ...endToEnd(request.headers), 'x-quarterdeck-prediction-id': predictionId }
  const answer = await forward(target.pool, {
    path: admitted.path,
    headers,
    body,
    timeoutMs: o.requestTimeoutMs,
    responseBytesMax: o.responseBytesMax,
    gone: gone.signal,
  })
  response.off('close', onClose)
  return answer
}

/** The status a client sees when the model server gave no answer; 499 only ever reaches the telemetry. */
const statusOf = {
  timeout: 504,
  'too-large': 502,
  aborted: 499,
  failed: 502,
  starting: 503,
  down: 503,
  busy: 503,
} as const

function respond(
  o: GatewayOptions,
  response: ServerResponse,
  admitted: Admitted,
  predictionId: string,
  outcome: Outcome,
): number {
  response.setHeader('x-quarterdeck-version', admitted.versionId)
  response.setHeader('x-quarterdeck-generation', admitted.live.route.traffic.generation)
  response.setHeader('x-quarterdeck-prediction-id', predictionId)
  if (outcome.kind === 'answer') {
    response.writeHead(outcome.status, { ...outcome.headers, 'content-length': outcome.body.length })
    response.end(outcome.body)
    return outcome.status
  }
  const status = statusOf[outcome.kind]
  const refusal = { status, reason: outcome.kind, detail: outcome.because }
  if (outcome.kind !== 'aborted') refuse(o, response, status === 503 ? { ...refusal, retryAfterSeconds: 1 } : refusal)
  return status
}

function tooLarge(o: GatewayOptions): Refusal {
  return { status: 413, reason: 'too-large', detail: `The body may have ${o.bodyBytesMax} bytes at most` }
}

function refuse(o: GatewayOptions, response: ServerResponse, refusal: Refusal): void {
  o.onRejected(refusal.reason)
  const text = JSON.stringify({ title: refusal.reason, status: refusal.status, detail: refusal.detail })
  if (refusal.retryAfterSeconds !== undefined) response.setHeader('retry-after', refusal.retryAfterSeconds)
  // The rest of a body that was too large is not read: the connection ends with the answer.
  if (refusal.status === 413) response.setHeader('connection', 'close')
  response.writeHead(refusal.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
