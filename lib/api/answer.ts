import { problem, toProblemDocument } from '#lib/platform/errors.ts'

/** No page, no cache and no frame has any business with an answer of the API. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A JSON answer: dates as RFC 3339, bigints as strings. */
export function jsonAnswer(value: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(jsonText(value), {
    status,
    headers: { ...securityHeaders, 'content-type': 'application/json', ...headers },
  })
}

/** The RFC 9457 answer to a failure. */
export function problemAnswer(
  error: unknown,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const document = toProblemDocument(error, requestId)
  return new Response(jsonText(document), {
    status: document.status,
    headers: {
      ...securityHeaders,
      'content-type': 'application/problem+json',
      ...(document.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="quarterdeck"' } : {}),
      ...retryAfter(document['retryAfterSeconds']),
      ...headers,
    },
  })
}

/** As `JSON.stringify`, with bigints as strings: what JavaScript's numbers cannot hold, JSON readers would round. */
export function jsonText(value: unknown): string {
  try {
    // Most answers hold no bigint, and a replacer costs several times the text itself.
    return JSON.stringify(value ?? null)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  return JSON.stringify(value ?? null, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))
}

/** One field of a request is wrong. */
export function invalidField(path: string, message: string) {
  return problem('invalid', `${path}: ${message}`, { errors: [{ path, message }] })
}

function retryAfter(seconds: unknown): Record<string, string> {
  return typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {}
}
