import { problem } from '#lib/platform/errors.ts'
import { isSafeUrl } from './issuer-config.ts'

const bytesMax = 524_288
const timeoutMs = 5_000

/**
 * Asks an issuer for a JSON document: HTTPS (or loopback), five seconds, half a megabyte, and no redirect is followed:
 * what an issuer's own address does not say itself is not its word. @throws `unavailable` with the address
 */
export async function fetchIssuerJson(url: string): Promise<unknown> {
  if (!isSafeUrl(url)) throw problem('unavailable', `The identity provider names an address that is not safe: ${url}.`)
  const answer = await issuerFetch(url, { headers: { accept: 'application/json' } }).catch((cause: unknown) => {
    throw failed(url, 'it does not answer', cause)
  })
  if (answer.status !== 200) throw failed(url, `it answers ${answer.status}`)
  return parse(url, await answer.text())
}

/**
 * `fetch` towards issuers, also the one that openid-client is given: bounded in time and size, redirects not followed,
 * unsafe addresses refused.
 */
export async function issuerFetch(url: string, init: RequestInit = {}): Promise<Response> {
  if (!isSafeUrl(url)) throw new TypeError(`not an https address: ${url}`)
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])])
  const answer = await fetch(url, { ...init, redirect: 'manual', signal })
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer.body ?? []) {
    length += part.length
    if (length > bytesMax) throw new RangeError(`the answer of ${new URL(url).host} has more than ${bytesMax} bytes`)
    parts.push(part)
  }
  const empty = answer.status === 204 || answer.status === 304
  return new Response(empty ? null : Buffer.concat(parts), { status: answer.status, headers: answer.headers })
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw failed(url, 'its answer is no JSON', cause)
  }
}

function failed(url: string, why: string, cause?: unknown) {
  return problem(
    'unavailable',
    `The identity provider at ${new URL(url).origin} cannot be used now: ${why}.`,
    {},
    { cause },
  )
}
