/**
 * The closed list of error codes, each with its HTTP status and the title of its problem details (RFC 9457).
 * Breach, hold and denial of a vote are values, not errors.
 */
export const errorCodes = {
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Sign in or send a valid token' },
  forbidden: { status: 403, title: 'Your roles do not allow this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'method-not-allowed': { status: 405, title: 'This path does not answer that method' },
  conflict: { status: 409, title: 'The present state does not allow this' },
  'stale-revision': { status: 409, title: 'The thing has changed since you read it' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not read here' },
  'idempotency-mismatch': { status: 422, title: 'This idempotency key was used for another request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something failed on our side' },
  unavailable: { status: 503, title: 'A system this depends on does not answer' },
} as const

export type ErrorCode = keyof typeof errorCodes
export type ErrorDetails = Readonly<Record<string, unknown>>

/**
 * The one error class. `message` is safe to show to the caller and says what to do; `details` is safe too and goes
 * into the problem document; `cause` stays in the log.
 */
export class QuarterdeckError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'QuarterdeckError'
    this.code = code
    this.details = details
  }
}

/** Makes an error of that code; `throw problem('conflict', 'The rollout has ended.', {state})`. */
export function problem(
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
  options: { cause?: unknown } = {},
): QuarterdeckError {
  return new QuarterdeckError(code, message, details, options)
}

export function isProblem(error: unknown, code?: ErrorCode): error is QuarterdeckError {
  return error instanceof QuarterdeckError && (code === undefined || error.code === code)
}

/** An RFC 9457 problem details document. An unknown error becomes `internal` and shows nothing of its cause. */
export type ProblemDocument = {
  type: string
  title: string
  status: number
  detail: string
  instance?: string
  code: ErrorCode
  [extension: string]: unknown
}

export function toProblemDocument(error: unknown, requestId: string): ProblemDocument {
  const known =
    error instanceof QuarterdeckError ? error : problem('internal', 'The failure was logged under this request id.')
  const { status, title } = errorCodes[known.code]
  return {
    ...known.details,
    type: `https://quarterdeck.dev/problems/${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    requestId,
  }
}

/** A `never` check for exhaustive switches: reached only when a union grew and a switch did not. */
export function unreachable(value: never): never {
  throw new TypeError(`unhandled case: ${String(value)}`)
}
