import { checkEvent, isRejection, type EventRejection } from '#lib/telemetry/events.ts'
import type { IndexedEvent } from '#lib/telemetry/admit.ts'
import { problem } from '#lib/platform/errors.ts'

export type BodyFormat = 'json' | 'ndjson'
export type Parsed = { events: IndexedEvent[]; rejected: EventRejection[] }

/** The most events of one request; more are sent as several. */
export const eventsMax = 100_000

const formats: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
}

/** @throws `unsupported-media-type` for anything but JSON and NDJSON in UTF-8 */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const format = formats[type.trim()]
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='))
  if (!format || (charset !== undefined && charset !== 'charset=utf-8' && charset !== 'charset="utf-8"'))
    throw problem(
      'unsupported-media-type',
      'Send application/x-ndjson (one event a line) or application/json, in UTF-8.',
    )
  return format
}

/**
 * Reads events from a body. A line that is not JSON or not an event is a rejection of its own and does not touch the others.
 * @throws `invalid` when the body as a whole cannot be read, `too-large` for too many events
 */
export function parseEvents(body: Uint8Array, format: BodyFormat): Parsed {
  const text = decode(body)
  const parsed: Parsed = { events: [], rejected: [] }
  if (format === 'json') parseArray(text, parsed)
  else parseLines(text, parsed)
  if (parsed.events.length + parsed.rejected.length === 0) throw problem('invalid', 'The body holds no events.')
  return parsed
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (cause) {
    throw problem('invalid', 'The body is not UTF-8 text. Is its content-encoding header missing?', {}, { cause })
  }
}

function parseArray(text: string, parsed: Parsed): void {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch (cause) {
    throw problem(
      'invalid',
      'The body is not JSON. Send an array of events, or NDJSON with its own type.',
      {},
      { cause },
    )
  }
  if (!Array.isArray(list)) throw problem('invalid', 'The body must be an array of events.')
  if (list.length > eventsMax) throw tooMany()
  for (const [index, value] of list.entries()) take(value, index, parsed)
}

function parseLines(text: string, parsed: Parsed): void {
  let index = 0
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end < 0 ? text.length : end)
    from = end < 0 ? text.length : end + 1
    if (line === '' || line.trim() === '') continue
    if (index >= eventsMax) throw tooMany()
    takeLine(line, index, parsed)
    index += 1
  }
}

function takeLine(line: string, index: number, parsed: Parsed): void {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    parsed.rejected.push({ index, path: '', message: 'is not JSON' })
    return
  }
  take(value, index, parsed)
}

function take(value: unknown, index: number, parsed: Parsed): void {
  const checked = checkEvent(value)
  if (isRejection(checked)) parsed.rejected.push({ index, ...checked })
  else parsed.events.push({ index, event: checked })
}

function tooMany() {
  return problem('too-large', `A request may hold ${eventsMax} events: send several.`, { eventsMax })
}
