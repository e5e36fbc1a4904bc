import { parse } from 'yaml'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'

const textLengthMax = 64 * 1024
/** Facts are kept in slices of this length, so a window is a multiple of it. */
export const sliceSeconds = 10
const windowSecondsMax = 90 * 86_400
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and dashes' })

/** `20s`, `5m`, `6h`, `30d` or `4w`, in seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhdw]$/, { error: 'must be a duration such as 5m, 6h or 30d' })
  .transform((text) => Number(text.slice(0, -1)) * (unitSeconds[text.at(-1) ?? 's'] ?? 1))

const window = duration.refine((s) => s % sliceSeconds === 0 && s <= windowSecondsMax, {
  error: `must be a multiple of ${sliceSeconds}s of at most 90d`,
})

const common = { name: slug, target: z.number().gt(0).lt(1), window }
const Objective = z.discriminatedUnion('kind', [
  /** Answered without an error: status below 500. */
  z.strictObject({ kind: z.literal('availability'), ...common }),
  /** Answered within the threshold, whatever the answer was. */
  z.strictObject({ kind: z.literal('latency'), thresholdMs: z.number().positive().max(3_600_000), ...common }),
])
export type Objective = z.output<typeof Objective>

const Alert = z
  .strictObject({
    severity: z.enum(['page', 'ticket']),
    /** The share of the budget that is spent within the long window when the alert fires. */
    budgetPercent: z.number().positive().max(100),
    long: window,
    short: window,
  })
  .refine((a) => a.short < a.long, { error: 'must be shorter than the long window', path: ['short'] })
export type Alert = z.output<typeof Alert>

const SloPolicy = z
  .strictObject({
    apiVersion: z.literal('quarterdeck/v1'),
    kind: z.literal('SloPolicy'),
    name: slug,
    objectives: z.array(Objective).min(1).max(20),
    alerts: z.array(Alert).min(1).max(10),
    /** With fewer events in an alert's long window the alert is not judged; in the shortest of these, the state is `no-data`. */
    minimumEvents: z.number().int().min(1).max(1_000_000_000),
    evaluateEvery: duration.refine((s) => s <= 3600, { error: 'must be at most 1h' }),
  })
  .superRefine((policy, ctx) => {
    const names = policy.objectives.map((o) => o.name)
    if (new Set(names).size < names.length)
      ctx.addIssue({ code: 'custom', path: ['objectives'], message: 'names must be different' })
    const shortest = Math.min(...policy.objectives.map((o) => o.window))
    for (const [i, alert] of policy.alerts.entries()) {
      if (alert.long > shortest)
        ctx.addIssue({ code: 'custom', path: ['alerts', i, 'long'], message: 'must not be longer than the objectives' })
    }
  })
export type SloPolicy = z.output<typeof SloPolicy>
export type LoadedSloPolicy = { policy: SloPolicy; digest: string }

/** Parses the YAML of a policy in policies/slos. @throws `invalid` with the path of every wrong field */
export function parseSloPolicy(text: string, file: string): LoadedSloPolicy {
  if (text.length > textLengthMax)
    throw problem('invalid', `${file}: longer than ${textLengthMax} characters`, { file })
  const parsed = SloPolicy.safeParse(readYaml(text, file))
  if (!parsed.success) {
    const errors = parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
    const list = errors.map((e) => `${e.path === '' ? 'document' : e.path}: ${e.message}`).join('; ')
    throw problem('invalid', `${file}: ${list}`, { file, errors })
  }
  return { policy: parsed.data, digest: policyDigest(parsed.data) }
}

function readYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 20 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : 'unreadable'
    throw problem('invalid', `${file}: not YAML: ${why}`, { file }, { cause })
  }
}
