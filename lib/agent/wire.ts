import { z } from 'zod'

/** Identifiers become file names and URL segments, so they are narrow: letters, digits, `_`, `-` and inner dots. */
export const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, { error: 'must be 1 to 100 letters, digits, "_", "-" or inner "."' })

const headerName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9-]*$/, { error: 'must be a header name in lower case' })

export const weights = z
  .array(z.object({ versionId: identifier, percent: z.int().min(0).max(100) }))
  .min(1)
  .max(50)
  .refine((list) => list.reduce((sum, w) => sum + w.percent, 0) === 100, { error: 'the percents must sum to 100' })
  .refine((list) => new Set(list.map((w) => w.versionId)).size === list.length, {
    error: 'each version may be named once',
  })

export const sticky = z.union([z.strictObject({ header: headerName }), z.strictObject({ hashOf: headerName })])
export const audience = z.strictObject({ header: headerName, equals: z.string().max(1000) })
const fence = z.int().min(0)

/** Body of `PUT /v1/endpoints/{endpointId}/traffic`. */
export const trafficBody = z
  .strictObject({
    weights,
    expectResourceVersion: z.string().max(200).nullable(),
    fence,
    sticky: sticky.optional(),
    audience: audience.optional(),
    stableVersionId: identifier.optional(),
    manager: z.string().min(1).max(100),
    clearBreaker: z.string().max(200).optional(),
  })
  .refine((b) => b.audience === undefined || b.stableVersionId !== undefined, {
    error: 'an audience needs stableVersionId: everyone outside it goes there',
  })

/** Body of `PUT /v1/endpoints/{endpointId}/servers/{versionId}`. */
export const serverBody = z.strictObject({
  template: z.strictObject({
    command: z.array(z.string().min(1).max(4096)).min(1).max(100),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(32_768)),
    port: z.literal('auto'),
    health: z.strictObject({
      path: z.string().startsWith('/').max(500),
      timeoutMs: z.int().min(1).max(60_000),
      intervalMs: z.int().min(10).max(60_000),
    }),
    resources: z.strictObject({ memoryMiBMax: z.int().min(1).optional() }),
  }),
  artifact: z.strictObject({ uri: z.string().min(1).max(4096), digest: z.string().min(1).max(200) }),
  fence,
})

export const removeQuery = z.strictObject({ fence: z.coerce.number().int().min(0) })

export type TrafficBody = z.infer<typeof trafficBody>
export type ServerBody = z.infer<typeof serverBody>
