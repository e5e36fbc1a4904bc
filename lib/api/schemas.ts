import { z } from '@hono/zod-openapi'
import { errorCodes, type ErrorCode } from '#lib/platform/errors.ts'
import { idPrefixes, isId, type IdKind } from '#lib/platform/ids.ts'
import { pageLimitMax } from '#lib/platform/page.ts'

/** An id of that kind, checked to its last character. */
export function idOf(kind: IdKind) {
  const prefix = idPrefixes[kind]
  return z
    .string()
    .refine((text) => isId(kind, text), { error: `must be an id such as ${prefix}_01jqfx5n9re9wv3k7c2m8d4t6h` })
    .openapi({ pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$` })
}

/** A parameter object with one id in it. */
export function idParam<K extends string>(name: K, kind: IdKind) {
  return z.strictObject({ [name]: idOf(kind) } as Record<K, z.ZodString>)
}

/** Text that a filter compares with. */
export const filterText = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), { error: 'must be text without U+0000' })

/** The two query parameters of every list that has pages. */
export const paging = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, { error: `must be a whole number from 1 to ${pageLimitMax}` })
    .transform(Number)
    .refine((n) => n <= pageLimitMax, { error: `must be a whole number from 1 to ${pageLimitMax}` })
    .default(50)
    .openapi({ type: 'integer', minimum: 1, maximum: pageLimitMax, default: 50 }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: '`nextCursor` of the page before; leave out for the newest' }),
}

/** An instant: RFC 3339 in JSON, Date in the code behind. */
export const instant = z.date().openapi({ type: 'string', format: 'date-time' })
export const instantOrNull = z.union([instant, z.null()])

/** An instant that a caller gives: RFC 3339 with an offset. */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .openapi({ type: 'string', format: 'date-time' })

/** A structure that its domain describes and that readers need not take apart to act. */
export function structure(description: string) {
  return z.unknown().openapi({ type: 'object', additionalProperties: true, description })
}

/** A page of a list, newest first. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().openapi({ description: 'null on the last page' }),
  })
}

/** Whoever did it. */
export const person = z.object({ id: z.string(), name: z.string() })

/** Whether something may be done now, and if not, why. */
export const can = z
  .object({ allowed: z.boolean(), because: z.string().optional() })
  .openapi('Can') as unknown as z.ZodType<
  { allowed: boolean; because?: string },
  { allowed: true } | { allowed: false; because: string }
>

export const reason = z.string().trim().min(3).max(2000)

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]

/** RFC 9457, with our extensions: a code from a closed list, the request's id, and the fields that are wrong. */
export const Problem = z
  .looseObject({
    type: z.url(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(codes),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')
