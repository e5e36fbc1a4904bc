import { z } from 'zod'
import { canonicalLeafBytes } from './canonical.ts'
import { AuditFormatError } from './format-error.ts'

const hex256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')

/**
 * One leaf of the public log. Nothing here names a person, a model or a workspace: who did what to which resource is in the
 * content, of which the leaf holds only a salted digest, so erasing the content leaves the proof whole.
 */
export const Leaf = z.strictObject({
  v: z.literal(1),
  /** The audit entry's id, prefixed, for example `ae_0198…`. */
  id: z.string().regex(/^[a-z]{1,8}_[0-9A-Za-z-]{1,64}$/, 'must be a prefixed id such as ae_…'),
  /** RFC 3339, UTC, with milliseconds. */
  time: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'must be RFC 3339 UTC with milliseconds'),
  /** The action's name, such as `rollout:roll-back`; never anything personal. */
  kind: z
    .string()
    .max(80)
    .regex(/^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)*$/, 'must be an action name such as rollout:roll-back'),
  /** `saltedDigest` of the entry's content. */
  digest: hex256,
  /** The entry's MAC, made outside the database when the entry was inserted. */
  mac: hex256,
  /**
   * A counter per process instance: a gap that no crash explains shows an entry that was dropped before it was sequenced.
   * The instance is a random name, chosen at start.
   */
  process: z.strictObject({ instance: z.string().regex(/^[0-9a-f]{8,64}$/), counter: z.int().min(1) }).optional(),
})

export type Leaf = z.infer<typeof Leaf>

/** The canonical bytes that are hashed into the log; throws `AuditFormatError` on a leaf that breaks the type. */
export function leafBytes(leaf: Leaf): Buffer {
  return canonicalLeafBytes(checked(leaf))
}

/** Reads a leaf back; bytes that are not the canonical form of a valid leaf are refused (code `malformed`). */
export function parseLeaf(bytes: Uint8Array): Leaf {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new AuditFormatError('malformed', 'leaf is not UTF-8 JSON', { cause })
  }
  const leaf = checked(value)
  if (!canonicalLeafBytes(leaf).equals(bytes)) throw new AuditFormatError('malformed', 'leaf is not in canonical form')
  return leaf
}

function checked(value: unknown): Leaf {
  const parsed = Leaf.safeParse(value)
  if (!parsed.success)
    throw new AuditFormatError('malformed', `not an audit leaf: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    })
  return parsed.data
}
