import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request, type Dispatcher } from 'undici'
import type { z } from 'zod'
import { UpstreamError, type UpstreamSettings } from '#lib/platform/ports/upstream.ts'

export type MlflowClient = {
  /** A read: tried again a few times when the server does not answer or is busy. @throws UpstreamError */
  get<T>(path: string, query: Query, schema: z.ZodType<T>): Promise<T>
  /** A write: sent once, because a second one could undo what somebody wrote between the two. @throws UpstreamError */
  send<T>(method: 'POST' | 'DELETE', path: string, body: unknown, schema: z.ZodType<T>): Promise<T>
  /** The bytes of a file, as they come. @throws UpstreamError */
  download(path: string): Promise<AsyncIterable<Buffer>>
  /** The text of a page that is not JSON. @throws UpstreamError */
  text(path: string): Promise<string>
  close(): Promise<void>
}

export type Query = Record<string, string | number | readonly string[] | undefined>

const connectMsMax = 5_000
const answerMsMax = 30_000
/** Between two pieces of a body: a server that sends nothing for so long has stopped. */
const silenceMsMax = 30_000
const jsonBytesMax = 32 * 1_048_576
const pausesMs = [200, 800]
const connectionsMax = 8

/**
 * An HTTP client of one MLflow tracking server. Redirects are not followed, so credentials go nowhere else. What goes
 * wrong is told in words that say what to change, at MLflow or here.
 */
export function mlflowClient(settings: UpstreamSettings): MlflowClient {
  const dispatcher = new Agent({
    connections: connectionsMax,
    connect: { timeout: connectMsMax, ...(settings.ca === null ? {} : { ca: settings.ca }) },
    headersTimeout: answerMsMax,
    bodyTimeout: silenceMsMax,
  })
  const headers = { accept: '*/*', ...authorization(settings.auth), ...workspaceHeader(settings.workspace) }
  const base = settings.url.replace(/\/+$/, '')

  const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => {
    let answer: Dispatcher.ResponseData
    try {
      answer = await request(`${base}${path}`, {
        method,
        dispatcher,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      throw new UpstreamError('unreachable', explainConnection(cause, base), { cause })
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer
    throw refusal(answer.statusCode, await readText(answer), base)
  }
  const json = async <T>(answer: Dispatcher.ResponseData, schema: z.ZodType<T>): Promise<T> => {
    const parsed = schema.safeParse(parseJson(await readText(answer)))
    if (parsed.success) return parsed.data
    const where = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new UpstreamError(
      'unsupported',
      `MLflow answered in a form that is not known here (at ${where || 'its root'})`,
    )
  }
  return {
    get: (path, query, schema) => withRetries(async () => json(await ask('GET', `${path}${queryText(query)}`), schema)),
    send: async (method, path, body, schema) => json(await ask(method, path, body), schema),
    download: async (path) => (await withRetries(() => ask('GET', path))).body as AsyncIterable<Buffer>,
    text: (path) => withRetries(async () => readText(await ask('GET', path))),
    close: () => dispatcher.destroy(),
  }
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof UpstreamError && error.kind === 'unreachable')) throw error
      await delay(pauseMs)
    }
  }
  return attempt()
}

async function readText(answer: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > jsonBytesMax)
        throw new UpstreamError('unsupported', `MLflow answered with more than ${jsonBytesMax} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause
    throw new UpstreamError('unreachable', 'MLflow broke off in the middle of its answer', { cause })
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new UpstreamError('unsupported', 'this address does not answer as MLflow does: it did not send JSON', {
      cause,
    })
  }
}

/** MLflow's own errors are JSON; what stands before the handlers (host check, sign-in, proxies) answers in text or HTML. */
function refusal(status: number, text: string, base: string): UpstreamError {
  const said = sentenceOf(text)
  if (status === 401) return new UpstreamError('unauthenticated', 'MLflow does not know these credentials')
  if (status === 403 && /invalid host/i.test(text)) {
    const { host } = new URL(base)
    return new UpstreamError('forbidden', `MLflow refuses the host name ${host}: start it with --allowed-hosts ${host}`)
  }
  if (status === 403) return new UpstreamError('forbidden', `MLflow does not permit this: ${said}`)
  if (status === 404) return new UpstreamError('absent', said)
  if (status === 429 || status >= 500) return new UpstreamError('unreachable', `MLflow answered ${status}: ${said}`)
  if (status >= 300 && status < 400) {
    return new UpstreamError('unsupported', `the address redirects (${status}): give the one that it leads to`)
  }
  return new UpstreamError('invalid', said)
}

function sentenceOf(text: string): string {
  try {
    const body = JSON.parse(text) as { message?: unknown }
    if (typeof body.message === 'string') return body.message.slice(0, 500)
  } catch {
    // Not JSON: the text itself is what was said.
  }
  const plain = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return plain === '' ? 'it gave no reason' : plain.slice(0, 300)
}

function explainConnection(cause: unknown, base: string): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const { host } = new URL(base)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code)) {
    return `the certificate of ${host} was not accepted (${code}): give the PEM of the authority that issued it`
  }
  if (code === 'ENOTFOUND') return `the name ${host} is not known`
  if (code === 'ECONNREFUSED') return `nothing listens at ${host}`
  return `${host} does not answer${code === '' ? '' : ` (${code})`}`
}

function authorization(auth: UpstreamSettings['auth']): Record<string, string> {
  if (auth.kind === 'basic') {
    return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}` }
  }
  return auth.kind === 'bearer' ? { authorization: `Bearer ${auth.token}` } : {}
}

function workspaceHeader(workspace: string | null): Record<string, string> {
  return workspace === null ? {} : { 'x-mlflow-workspace': workspace }
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((each): [string, string] => [key, String(each)]),
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}
