import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request, type Dispatcher } from 'undici'
import type { ClusterAccess } from './access.ts'
import { credentialsOf, type Environment, type Proof } from './credentials.ts'
import { explainStatus } from './status.ts'

export type KubernetesAnswer =
  | { kind: 'answer'; status: number; body: unknown }
  /** Nothing is known of what the server did. */
  | { kind: 'unreachable'; because: string }

export type KubernetesCall = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Of the API server, for example `/api/v1/namespaces/x/services`; its parts are already encoded. */
  path: string
  query?: Readonly<Record<string, string>>
  body?: unknown
  contentType?: 'application/json' | 'application/apply-patch+yaml' | 'application/json-patch+json'
}

export type KubernetesClient = {
  /**
   * One request. A read is tried again a few times; a write only where the server is known not to have begun it (429, nothing
   * listening). An answer below 500 is returned with its status; silence and 5xx are `unreachable`, in bounded time.
   */
  call(asked: KubernetesCall): Promise<KubernetesAnswer>
  close(): Promise<void>
}

export type KubernetesClientOptions = {
  /** Bound of one attempt, from connecting to the last byte. */
  timeoutMs: number
  /** Wall time, epoch ms. */
  nowMs: () => number
  /** For exec plugins; a system's own is `process.env`. */
  environment: Environment
}

const pausesMs = [150, 600]
const pauseMsMax = 2_000
const answerBytesMax = 16 * 1_048_576
const connectionsMax = 8
const agentName = 'quarterdeck'

/** An HTTP client of one API server. Redirects are not followed, so credentials go nowhere else. */
export function kubernetesClient(access: ClusterAccess, options: KubernetesClientOptions): KubernetesClient {
  const credentials = credentialsOf(access.identity, options.nowMs, options.environment)
  const connections = connectionsOf(access, options.timeoutMs)

  const once = async (asked: KubernetesCall): Promise<Attempt> => {
    let proof: Proof
    try {
      proof = await credentials.prove()
    } catch (error) {
      return { kind: 'failed', because: messageOf(error), begun: false }
    }
    return attempt(access, connections.of(proof), proof, asked, options.timeoutMs)
  }
  const call: KubernetesClient['call'] = async (asked) => {
    let renewed = false
    for (let turn = 0; ; turn++) {
      const got = await once(asked)
      if (got.kind === 'answer' && got.status === 401 && !renewed) {
        renewed = true
        credentials.forget()
        turn -= 1
        continue
      }
      const pauseMs = pausesMs[turn]
      if (pauseMs === undefined || !mayRepeat(asked, got)) return settled(got)
      await delay(Math.min(got.kind === 'answer' ? (got.retryAfterMs ?? pauseMs) : pauseMs, pauseMsMax))
    }
  }
  return { call, close: () => connections.close() }
}

type Attempt =
  | { kind: 'answer'; status: number; body: unknown; retryAfterMs: number | null }
  /** `begun` is false where the request cannot have reached the server. */
  | { kind: 'failed'; because: string; begun: boolean }

function mayRepeat(asked: KubernetesCall, got: Attempt): boolean {
  if (got.kind === 'failed') return asked.method === 'GET' || !got.begun
  return got.status === 429 || (asked.method === 'GET' && got.status >= 500)
}

function settled(got: Attempt): KubernetesAnswer {
  if (got.kind === 'failed') return { kind: 'unreachable', because: got.because }
  const { status, body } = got
  // Not to be let in is told as a value of its own by the callers: it is not a fault of the object.
  if (status === 401 || status === 429 || status >= 500) {
    return { kind: 'unreachable', because: explainStatus(status, body) }
  }
  return { kind: 'answer', status, body }
}

async function attempt(
  access: ClusterAccess,
  dispatcher: Dispatcher,
  proof: Proof,
  asked: KubernetesCall,
  timeoutMs: number,
): Promise<Attempt> {
  const query = asked.query === undefined ? '' : `?${new URLSearchParams(asked.query).toString()}`
  try {
    const answer = await request(`${access.server}${asked.path}${query}`, {
      method: asked.method,
      dispatcher,
      // A stopped API server keeps its sockets: only a clock of our own ends the wait.
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        'user-agent': agentName,
        ...(proof.token === null ? {} : { authorization: `Bearer ${proof.token}` }),
        ...(asked.body === undefined ? {} : { 'content-type': asked.contentType ?? 'application/json' }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    })
    const retryAfter = Number(answer.headers['retry-after'])
    const retryAfterMs = Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter * 1_000 : null
    return { kind: 'answer', status: answer.statusCode, body: await readBody(answer), retryAfterMs }
  } catch (error) {
    return { kind: 'failed', because: explainConnection(error, access.server), begun: codeOf(error) !== 'ECONNREFUSED' }
  }
}

/** Connections carry the client certificate, so they are made anew when it changes. */
function connectionsOf(access: ClusterAccess, timeoutMs: number) {
  let held: { certificate: Proof['certificate']; agent: Agent } | null = null
  return {
    of: ({ certificate }: Proof): Agent => {
      if (held && held.certificate?.cert === certificate?.cert && held.certificate?.key === certificate?.key) {
        return held.agent
      }
      // What is under way on the old connections is let to its end.
      held?.agent.close(() => undefined)
      const agent = new Agent({
        connections: connectionsMax,
        connect: {
          timeout: timeoutMs,
          ...(access.ca === null ? {} : { ca: access.ca }),
          ...(access.serverName === null ? {} : { servername: access.serverName }),
          ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
        },
      })
      held = { certificate, agent }
      return agent
    },
    close: async () => {
      await held?.agent.destroy()
    },
  }
}

async function readBody(answer: Dispatcher.ResponseData): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > answerBytesMax) throw new Error(`the API server answered with more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Priority and fairness, timeouts and proxies answer in text.
    return text
  }
}

function explainConnection(error: unknown, server: string): string {
  const { host } = new URL(server)
  const code = codeOf(error)
  if ((error instanceof Error && error.name === 'TimeoutError') || code === 'UND_ERR_CONNECT_TIMEOUT')
    return `the API server ${host} did not answer in time`
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code)) {
    return `the certificate of ${host} was not accepted (${code}): give the authority that issued it as certificate-authority-data`
  }
  if (code === 'ENOTFOUND') return `the name ${host} is not known`
  if (code === 'ECONNREFUSED') return `nothing listens at ${host}`
  return `the API server ${host} does not answer${code === '' ? `: ${messageOf(error)}` : ` (${code})`}`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
