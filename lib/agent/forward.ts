import type { IncomingHttpHeaders } from 'node:http'
import { errors, type Pool } from 'undici'

export type Answer = { kind: 'answer'; status: number; headers: Record<string, string | string[]>; body: Buffer }
export type Failure = { kind: 'timeout' | 'too-large' | 'aborted' | 'failed'; because: string }

export type Forwarding = {
  path: string
  headers: Record<string, string | string[]>
  body: Buffer
  timeoutMs: number
  responseBytesMax: number
  /** Aborts when the client has gone. */
  gone: AbortSignal
}

/** Sends a request to a model server, once, and reads the whole answer, bounded in time and size. Never rejects. */
export async function forward(pool: Pool, f: Forwarding): Promise<Answer | Failure> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), f.timeoutMs)
  const abort = () => limit.abort()
  f.gone.addEventListener('abort', abort, { once: true })
  try {
    const { path, headers, body } = f
    const answer = await pool.request({ method: 'POST', path, headers, body, signal: limit.signal })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > f.responseBytesMax)
        return { kind: 'too-large', because: `the answer passed ${f.responseBytesMax} bytes` }
      chunks.push(chunk)
    }
    return { kind: 'answer', status: answer.statusCode, headers: endToEnd(answer.headers), body: Buffer.concat(chunks) }
  } catch (error) {
    if (f.gone.aborted) return { kind: 'aborted', because: 'the client went away' }
    const timedOut =
      limit.signal.aborted || error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
    if (timedOut) return { kind: 'timeout', because: `no answer within ${f.timeoutMs} ms` }
    return { kind: 'failed', because: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
    f.gone.removeEventListener('abort', abort)
  }
}

/** Connection-bound headers (RFC 9110, section 7.6.1), and those that each hop sets anew. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'host',
  'expect',
])

/** The headers that travel on, without those that `Connection` names and without our own. */
export function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = headers.connection?.split(',').map((name) => name.trim().toLowerCase()) ?? []
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.includes(name) || name.startsWith('x-quarterdeck-')) continue
    kept[name] = value
  }
  return kept
}
