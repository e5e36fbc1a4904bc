import { Ajv, type ErrorObject } from 'ajv'
import { z } from 'zod'

/**
 * The events that `POST /v1/events` accepts. Times are epoch ms, 1970 to 9999; unknown fields are ignored, so that a newer
 * sender can talk to an older server. The documentation is made from the zod schemas; the hot path uses what ajv compiles from
 * their JSON Schema, which is four times faster.
 */
const timeMsMax = 253_402_300_799_999
const countMax = 2_147_483_647

/** Text that PostgreSQL can hold: well-formed Unicode without control characters (`idText`) or without NUL. */
const idText = z.string().min(1).max(200).meta({ format: 'id-text' })
const plainText = z.string().max(300).meta({ format: 'plain-text' })
const eventTime = z.number().min(0).max(timeMsMax)
const featureValue = z.union([z.number(), z.string(), z.boolean(), z.null()])
const generation = z.int().min(0).max(countMax)
const outcome = z.union([plainText, z.number(), z.boolean()])

export const requestEvent = z.object({
  type: z.literal('request'),
  /** Wall time of admission. */
  time: eventTime,
  endpoint: idText,
  version: idText,
  /** The traffic generation at the data plane when the request was admitted. */
  generation,
  /** 0: no answer. 500 and above, and 0, are errors. 499: the client went away; such a request is in no count. */
  status: z.int().min(0).max(999),
  latencyMs: z.number().min(0).max(1e12),
  cpuSeconds: z.number().min(0).max(1e9).optional(),
})

export const predictionEvent = z.object({
  type: z.literal('prediction'),
  /** By which its label refers to it; unique in the workspace. */
  id: idText,
  /** Event time: of what the prediction is about. */
  time: eventTime,
  endpoint: idText,
  version: idText,
  generation,
  features: z.record(z.string(), featureValue),
  /** The probability of the outcome `true`. */
  score: z.number().optional(),
  prediction: outcome.optional(),
})

export const labelEvent = z.object({
  type: z.literal('label'),
  predictionId: idText,
  /** Event time at which it became known. */
  time: eventTime,
  label: outcome,
  /** What else became known with it, such as the delay in minutes. */
  features: z.record(idText, z.union([z.number(), plainText, z.boolean(), z.null()])).optional(),
})

export const heartbeatEvent = z.object({
  type: z.literal('heartbeat'),
  time: eventTime,
  agent: idText,
  sequence: z.int().min(0),
  endpoints: z
    .array(
      z.object({
        endpoint: idText,
        generation,
        weights: z.array(z.object({ versionId: idText, percent: z.int().min(0).max(100) })).max(100),
        breaker: z
          .object({ tripId: idText, trippedAt: eventTime, versionId: idText, because: z.string().max(4000) })
          .nullable(),
      }),
    )
    .max(10_000),
  tap: z.object({ buffered: z.int().min(0), dropped: z.int().min(0), rejected: z.int().min(0).optional() }),
})

/** One event, for the documentation of the API. */
export const telemetryEvent = z.discriminatedUnion('type', [requestEvent, predictionEvent, labelEvent, heartbeatEvent])

export type RequestEvent = z.output<typeof requestEvent>
export type PredictionEvent = z.output<typeof predictionEvent>
export type LabelEvent = z.output<typeof labelEvent>
export type HeartbeatEvent = z.output<typeof heartbeatEvent>
export type TelemetryEvent = z.output<typeof telemetryEvent>
export type EventKind = TelemetryEvent['type']
export const eventKinds = ['request', 'prediction', 'label', 'heartbeat'] as const satisfies readonly EventKind[]

/**
 * Why an event was not taken: its position in the request, from 0, and the path of the field in dots. `partial`: it was taken, only
 * drift does not count it.
 */
export type EventRejection = { index: number; path: string; message: string; partial?: true }

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controls = /[\u0000-\u001f\u007f]/

const ajv = new Ajv({ strict: true, allErrors: false, allowUnionTypes: true })
ajv.addFormat('id-text', (text: string) => !controls.test(text) && text.isWellFormed())
ajv.addFormat('plain-text', (text: string) => !text.includes('\u0000') && text.isWellFormed())

const validators = {
  request: compile(requestEvent),
  prediction: compile(predictionEvent),
  label: compile(labelEvent),
  heartbeat: compile(heartbeatEvent),
}

/**
 * The event, or where it is wrong. Nothing is copied or changed: the value itself is the event.
 * Numbers that JSON text can write but a double cannot hold (1e999) are refused, as NaN and infinities are.
 */
export function checkEvent(value: unknown): TelemetryEvent | Omit<EventRejection, 'index'> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { path: '', message: 'must be an object, one event' }
  const { type } = value as { type?: unknown }
  if (typeof type !== 'string' || !Object.hasOwn(validators, type))
    return { path: 'type', message: `must be one of ${eventKinds.join(', ')}` }
  const validate = validators[type as EventKind]
  return validate(value) ? (value as TelemetryEvent) : explain(validate.errors?.[0])
}

export function isRejection(
  checked: TelemetryEvent | Omit<EventRejection, 'index'>,
): checked is Omit<EventRejection, 'index'> {
  return !('type' in checked)
}

function compile(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return ajv.compile(relax(rest) as object)
}

/**
 * zod's JSON Schema, made quicker and kinder: a union of plain types becomes one `type` list, so that an error names the
 * field and what it must be instead of each branch.
 */
function relax(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relax)
  if (typeof schema !== 'object' || schema === null) return schema
  const { anyOf, propertyNames, ...rest } = schema as Record<string, unknown>
  // Every name of JSON is a text: only more than that is worth a look at each of them.
  if (typeof propertyNames === 'object' && propertyNames !== null && 'format' in propertyNames)
    rest.propertyNames = propertyNames
  if (isPlainUnion(anyOf)) return { ...rest, ...Object.assign({}, ...anyOf), type: anyOf.map((each) => each.type) }
  const entries = Object.entries(rest).map(([key, value]) => [key, relax(value)] as const)
  return { ...Object.fromEntries(entries), ...(anyOf === undefined ? {} : { anyOf: relax(anyOf) }) }
}

function isPlainUnion(anyOf: unknown): anyOf is { type: string }[] {
  const plain = ['number', 'string', 'boolean', 'null']
  return Array.isArray(anyOf) && anyOf.every((each: { type?: unknown }) => plain.some((type) => type === each.type))
}

function explain(error: ErrorObject | undefined): Omit<EventRejection, 'index'> {
  if (!error) return { path: '', message: 'not valid' }
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const params = error.params as Record<string, unknown>
  if (error.keyword === 'required') return { path: [...path, params.missingProperty].join('.'), message: 'is missing' }
  // A name that may not be a feature's: the text itself could be anything, so it is not repeated.
  if (error.propertyName !== undefined || error.keyword === 'propertyNames')
    return { path: path.join('.'), message: 'has a name that is empty, too long or holds control characters' }
  return { path: path.join('.').slice(0, 300), message: messageOf(error, params) }
}

function messageOf(error: ErrorObject, params: Record<string, unknown>): string {
  if (error.keyword === 'format')
    return params.format === 'id-text' ? 'must hold no control characters' : 'must hold no NUL and no half characters'
  if (error.keyword === 'type') return `must be ${String(params.type).replaceAll(',', ' or ')}`
  return error.message ?? 'not valid'
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
