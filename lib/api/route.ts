import { z } from '@hono/zod-openapi'
import type { Action } from '#lib/access/actions.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { ErrorCode } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'

type Input<P, Q, B> = { params: z.output<P>; query: z.output<Q>; body: z.output<B> }

/** One operation of the API: what it takes, what it answers, and the verb or read behind it. */
export type RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType> = {
  method: 'get' | 'post' | 'delete'
  /** Below /api/v1, parameters in braces. */
  path: `/${string}`
  operationId: string
  summary: string
  description?: string
  tag: string
  /** What a caller's roles must allow; null where only being known is needed. */
  action: Action | null
  params?: P
  query?: Q
  body?: B
  bodyBytesMax?: number
  status: 200 | 201 | 202
  response: R
  /** What it can answer besides what every operation of its kind can. */
  problems?: readonly ErrorCode[]
  /** False where the answer holds a secret that is not kept: then idempotency keys are refused. */
  replayable?: boolean
  run: (ctx: Ctx, input: Input<P, Q, B>) => Promise<z.input<R>>
  /**
   * What is answered of the verb's value, where it is not the value itself. Also given values that were stored under
   * an idempotency key, as JSON.
   */
  present?: (value: unknown) => unknown
}

/** A route whose types were checked where it was written. */
export type ApiRoute = Omit<RouteSpec<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>, 'run'> & {
  /** Parses the three parts of the request; the answer of the verb follows with `act`. @throws `invalid` */
  prepare: (raw: { params: unknown; query: unknown; body: unknown }) => (ctx: Ctx) => Promise<unknown>
}

const nothing = z.strictObject({})

/** Checks a route's types against its verb and forgets them, so that routes of all kinds stand in one list. */
export function defineRoute<
  R extends z.ZodType,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<P, Q, B, R>): ApiRoute {
  const { run, params = nothing, query = nothing, body, ...rest } = spec
  return {
    ...rest,
    params,
    query,
    ...(body ? { body } : {}),
    prepare: (raw) => {
      const input = {
        params: parseInput(params, raw.params),
        query: parseInput(query, raw.query),
        body: body ? parseInput(body, raw.body) : undefined,
      }
      return (ctx) => run(ctx, input as Input<P, Q, B>)
    },
  }
}
