import { z } from 'zod'

/** What of any object the adapters read; `spec` and `status` are read by the kind. */
export const objectSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().int().optional(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields: z
      .array(
        z.object({
          manager: z.string().optional(),
          subresource: z.string().optional(),
          time: z.string().optional(),
          fieldsV1: z.unknown(),
        }),
      )
      .optional(),
  }),
  spec: z.record(z.string(), z.unknown()).optional(),
  status: z.unknown().optional(),
})

export type KubernetesObject = z.infer<typeof objectSchema>

/** Who owns the fields at `path` (as in FieldsV1, for example `['f:spec', 'f:rules']`), the last writer first. */
export function ownersOf(object: KubernetesObject, path: readonly string[]): { manager: string; time: string }[] {
  return (object.metadata.managedFields ?? [])
    .filter((entry) => (entry.subresource ?? '') === '' && holds(entry.fieldsV1, path))
    .map((entry) => ({ manager: entry.manager ?? 'unknown', time: entry.time ?? '' }))
    .toSorted((a, b) => b.time.localeCompare(a.time))
}

function holds(fields: unknown, path: readonly string[]): boolean {
  let at: unknown = fields
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !(key in at)) return false
    at = (at as Record<string, unknown>)[key]
  }
  return true
}
