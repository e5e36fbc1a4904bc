import { randomBytes } from 'node:crypto'
import { problem } from '#lib/platform/errors.ts'
import { createLog } from '#lib/platform/log.ts'
import { jsonAnswer, problemAnswer } from './answer.ts'

/**
 * The answer while the system behind the API could not be opened, for instance because its database is away. The process
 * is alive and says so; everything else is `unavailable`, with the cause in the log alone.
 */
export function answerUnopened(path: string, cause: unknown): Response {
  if (path === '/healthz' || path === '/api/healthz') return jsonAnswer({ status: 'ok' }, 200)
  const requestId = `req_${randomBytes(12).toString('hex')}`
  const log = createLog({ level: 'error', role: 'web', instance: 'unopened' })
  log.error({ err: cause, requestId }, 'the system could not be opened')
  const error = problem(
    'unavailable',
    'This server could not open its system: its log says why, under this request id.',
  )
  return problemAnswer(error, requestId, { 'x-request-id': requestId, 'retry-after': '5' })
}
