import { createHash } from 'node:crypto'

import canonicalize from 'canonicalize'
import { parseDocument } from 'yaml'
import { z } from 'zod'

/** A policy file that cannot be used; `problems` has one line per fault, each beginning with the path of the value. */
export class DriftPolicyError extends Error {
  override readonly name = 'DriftPolicyError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`drift policy: ${problems.join('; ')}`)
    this.problems = problems
  }
}

export type DriftPolicy = z.output<typeof policySchema>

/** What the policy asks of one feature, overrides applied. */
export type FeatureRule = { ignore: boolean; watch: number; act: number; minRows: number }

/** Parses and validates the YAML text of a drift policy. Throws `DriftPolicyError` naming every faulty path. */
export function parseDriftPolicy(text: string): DriftPolicy {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) throw new DriftPolicyError(document.errors.map((e) => e.message.split('\n')[0] ?? ''))
  const parsed = policySchema.safeParse(document.toJS({ maxAliasCount: 10 }))
  if (parsed.success) return parsed.data
  throw new DriftPolicyError(
    parsed.error.issues.map((issue) => `${issue.path.length > 0 ? issue.path.join('.') : 'file'}: ${issue.message}`),
  )
}

/** SHA-256 (lower-case hex) of the policy's RFC 8785 canonical JSON, so layout and comments of the file do not matter. */
export function driftPolicyDigest(policy: DriftPolicy): string {
  return createHash('sha256')
    .update(canonicalize(policy) ?? '')
    .digest('hex')
}

/** The rule for one feature. Without an `act` of its own, a feature whose `watch` passes the general one acts at it. */
export function ruleFor(policy: DriftPolicy, feature: string): FeatureRule {
  const own = Object.hasOwn(policy.perFeature, feature) ? policy.perFeature[feature] : undefined
  const watch = own?.watch ?? policy.thresholds.watch
  return {
    ignore: own?.ignore ?? false,
    watch,
    act: own?.act ?? Math.max(watch, policy.thresholds.act),
    minRows: own?.minRows ?? policy.minRows,
  }
}

const threshold = z.number().positive().max(100)
const minRows = z.number().int().min(1).max(1_000_000_000)
const ordered = (t: { watch?: number | undefined; act?: number | undefined }) =>
  t.watch === undefined || t.act === undefined || t.watch <= t.act

const featureSchema = z
  .strictObject({
    ignore: z.boolean().optional(),
    watch: threshold.optional(),
    act: threshold.optional(),
    minRows: minRows.optional(),
  })
  .refine(ordered, 'watch must not be above act')

const policySchema = z.strictObject({
  apiVersion: z.literal('quarterdeck/v1'),
  kind: z.literal('DriftPolicy'),
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes'),
  /** PSI from which a feature is to be watched, and from which to act. */
  thresholds: z
    .strictObject({ watch: threshold.default(0.05), act: threshold.default(0.1) })
    .refine(ordered, 'watch must not be above act')
    .prefault({}),
  /** The adjusted p-value must be below this. */
  alpha: z.number().positive().max(0.2).default(0.01),
  adjust: z.enum(['bh', 'by', 'bonferroni']).default('bh'),
  /** Consecutive windows are pooled until they hold this many rows. */
  minRows: minRows.default(300),
  /** …and until the watch threshold is at least this many times the PSI that chance alone produces. */
  biasMargin: z.number().min(1).max(10).default(1.5),
  window: z.string().default('1h').transform(parseWindow),
  /** A pool that needs more windows than this is `insufficient`. */
  poolLimitWindows: z.number().int().min(1).max(1000).default(24),
  /** A finding needs k of the last n pools. */
  persistence: z
    .strictObject({ k: z.number().int().min(1).max(50).default(3), n: z.number().int().min(1).max(50).default(5) })
    .refine((p) => p.k <= p.n, 'k must not be above n')
    .prefault({}),
  perFeature: z.record(z.string(), featureSchema).default({}),
})

const UNIT_SECONDS = { m: 60, h: 3600, d: 86_400 } as const

function parseWindow(text: string, ctx: z.RefinementCtx): { seconds: number } {
  const match = /^([1-9]\d{0,4})([mhd])$/.exec(text)
  const seconds = match === null ? 0 : Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS]
  if (seconds < 60 || seconds > 31 * 86_400) {
    ctx.addIssue({ code: 'custom', message: 'must be a length such as 15m, 1h or 1d, of at most 31 days' })
    return z.NEVER
  }
  return { seconds }
}
