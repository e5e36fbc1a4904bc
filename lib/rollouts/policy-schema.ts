import { z } from 'zod'

/** What decided trouble leads to while a canary is under way. */
export type Reaction = 'rollback' | 'hold'

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const durationSecondsMax = 90 * unitSeconds.d

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and hyphens (63 at most)')

/** `30s`, `10m`, `2h`, `7d` → seconds. */
const durationSeconds = z.string().transform((text, context) => {
  const match = /^(\d{1,7})([smhd])$/.exec(text)
  const seconds = match === null ? NaN : Number(match[1]) * unitSeconds[match[2] as keyof typeof unitSeconds]
  if (seconds <= durationSecondsMax) return seconds
  context.addIssue({ code: 'custom', message: `"${text}" is not a duration such as 30s, 10m, 2h or 7d (90d at most)` })
  return z.NEVER
})

/** `">= 0.95"` → its operator and number. */
const comparison = z.string().transform((text, context) => {
  const match = /^(<=|>=|<|>)\s*(\d+(?:\.\d+)?)$/.exec(text.trim())
  if (match !== null) return { op: match[1] as '<' | '<=' | '>' | '>=', value: Number(match[2]) }
  context.addIssue({ code: 'custom', message: `"${text}" is not a comparison such as ">= 0.95" or "< 500"` })
  return z.NEVER
})

export type Comparison = z.output<typeof comparison>

/** `quality.` and the name of a proportion that is kept as such, for which higher is better. */
const source = z.string().transform((text, context) => {
  const known =
    text === 'telemetry.errors' || text === 'telemetry.latencyMs' || /^quality\.[a-z][A-Za-z0-9-]*$/.test(text)
  if (known) return text as 'telemetry.errors' | 'telemetry.latencyMs' | `quality.${string}`
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not a source: use telemetry.errors, telemetry.latencyMs, quality.accuracy or quality.<proportion>`,
  })
  return z.NEVER
})

const stepSchema = z
  .strictObject({
    weight: z.int().min(1).max(100),
    judge: z
      .strictObject({
        atLeast: durationSeconds,
        atMost: durationSeconds,
        minRequests: z.int().min(1).max(1e9).default(1),
      })
      .refine(({ atLeast, atMost }) => atLeast <= atMost, {
        message: 'must not be longer than atMost',
        path: ['atLeast'],
      })
      .transform(({ atLeast, atMost, minRequests }) => ({
        atLeastSeconds: atLeast,
        atMostSeconds: atMost,
        minRequests,
      }))
      .optional(),
  })
  .transform(({ weight, judge }) => ({ weight, judge: judge ?? null }))

const margin = z.union([z.strictObject({ by: z.number().min(0) }), z.strictObject({ ratio: z.number().min(1) })], {
  error: 'must be { by: a number >= 0 } or { ratio: a number >= 1 }',
})

const metricSchema = z
  .strictObject({
    name,
    of: source,
    quantile: z.number().gt(0).lt(1).optional(),
    notWorseThan: z.strictObject({ stable: margin }).optional(),
    atLeast: z.number().min(0).optional(),
    atMost: z.number().min(0).optional(),
    critical: z.boolean().default(false),
  })
  .superRefine((metric, context) => {
    const say = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    const rules = (['notWorseThan', 'atLeast', 'atMost'] as const).filter((key) => metric[key] !== undefined)
    if (rules.length !== 1) say([], 'give exactly one of notWorseThan, atLeast, atMost')
    checkQuantile(metric, say)
    if (isLowerBetter(metric.of) && metric.atLeast !== undefined) {
      say(['atLeast'], `${metric.of} is better when lower: use atMost`)
    }
    if (metric.of === 'quality.accuracy' && metric.atMost !== undefined) {
      say(['atMost'], 'quality.accuracy is better when higher: use atLeast')
    }
    if (metric.of === 'telemetry.latencyMs') return
    const stable = metric.notWorseThan?.stable
    if (stable !== undefined && 'ratio' in stable) say(['notWorseThan', 'stable'], 'ratio is for quantiles: use by')
    const limits = { by: stable !== undefined && 'by' in stable ? stable.by : 0, ...pickLimits(metric) }
    for (const [key, value] of Object.entries(limits)) {
      if (value > 1) say(key === 'by' ? ['notWorseThan', 'stable', 'by'] : [key], 'is a proportion: 1 at most')
    }
  })
  .transform(({ quantile, notWorseThan, atLeast, atMost, ...rest }) => ({
    ...rest,
    quantile: quantile ?? null,
    rule: ruleOf(notWorseThan?.stable, atLeast, atMost),
  }))

const watchSchema = z
  .strictObject({
    name,
    of: source,
    quantile: z.number().gt(0).lt(1).optional(),
    window: durationSeconds.refine((seconds) => seconds > 0, 'must be longer than 0s'),
    normal: comparison,
    breach: comparison,
    minSamples: z.int().min(1).max(1e9).default(1),
    for: z.int().min(1).max(100),
    // oxlint-disable-next-line unicorn/no-thenable -- "then" is the policy's word; the object is never awaited.
    then: z.enum(['rollback', 'hold', 'page']),
    evenIfUnknown: z.boolean().default(false),
  })
  .superRefine((item, context) => {
    const say = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    checkQuantile(item, say)
    const isUpward = item.normal.op.startsWith('>')
    if (isUpward === item.breach.op.startsWith('>')) say(['breach'], 'must point the other way than normal')
    else if (isUpward ? item.breach.value > item.normal.value : item.breach.value < item.normal.value) {
      say(['breach'], 'overlaps with normal: a value would be both')
    }
    if (isUpward === isLowerBetter(item.of) && !isNamedProportion(item.of)) {
      say(['normal'], `${item.of} is better when ${isUpward ? 'lower' : 'higher'}: turn the comparison around`)
    }
    if (item.of === 'telemetry.latencyMs') return
    for (const key of ['normal', 'breach'] as const) {
      if (item[key].value > 1) say([key], 'is a proportion: 1 at most')
    }
  })
  .transform(({ window, for: times, then: reaction, quantile, ...rest }) => ({
    ...rest,
    quantile: quantile ?? null,
    windowSeconds: window,
    windowsInARow: times,
    reaction,
  }))

const reaction = z.enum(['rollback', 'hold'])

const onSchema = z
  .strictObject({
    fail: reaction.default('rollback'),
    inconclusive: reaction.default('hold'),
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    noData: z.strictObject({ holdFor: durationSeconds, then: reaction }).default({ holdFor: 900, then: 'hold' }),
    candidateUnready: z
      // oxlint-disable-next-line unicorn/no-thenable -- as above
      .strictObject({ after: durationSeconds, then: reaction })
      // oxlint-disable-next-line unicorn/no-thenable -- as above
      .default({ after: 300, then: 'rollback' }),
    approvalRevoked: reaction.default('rollback'),
    approvalExpired: reaction.default('hold'),
  })
  .transform(({ noData, candidateUnready, ...rest }) => ({
    ...rest,
    noData: { holdForSeconds: noData.holdFor, reaction: noData.then },
    candidateUnready: { afterSeconds: candidateUnready.after, reaction: candidateUnready.then },
  }))

/** The shape of a policy file, and its transformation to seconds, rules and filled-in defaults. */
export const rolloutPolicySchema = z
  .strictObject({
    apiVersion: z.literal('quarterdeck/v1'),
    kind: z.literal('RolloutPolicy'),
    name,
    when: z.string().optional(),
    strategy: z.enum(['canary', 'blueGreen', 'shadow', 'abTest']),
    steps: z.array(stepSchema).min(1).max(20),
    analysis: z.strictObject({
      alpha: z.number().gt(0).max(0.5),
      warmupSeconds: z.int().min(0).max(3600).default(0),
      metrics: z.array(metricSchema).min(1).max(20),
    }),
    on: onSchema.prefault({}),
    after: z.array(watchSchema).max(20).default([]),
    limits: z
      .strictObject({ cooldown: durationSeconds, autoRollbacksPerVersion: z.int().min(0).max(10) })
      .default({ cooldown: 1800, autoRollbacksPerVersion: 1 })
      .transform(({ cooldown, ...rest }) => ({ cooldownSeconds: cooldown, ...rest })),
  })
  .superRefine((policy, context) => {
    const say = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    if (policy.when !== undefined) say(['when'], 'conditions are not supported yet: leave it out')
    if (policy.strategy !== 'canary') say(['strategy'], `${policy.strategy} is not supported yet: use canary`)
    policy.steps.forEach((step, i) => {
      if (step.weight <= (policy.steps[i - 1]?.weight ?? 0)) say(['steps', i, 'weight'], 'must be above the one before')
      if (step.weight === 100 && step.judge !== null) {
        say(['steps', i, 'judge'], 'stable has no traffic at weight 100, so nothing can be compared: leave it out')
      }
      if (step.judge !== null && step.judge.atMostSeconds <= policy.analysis.warmupSeconds) {
        say(['steps', i, 'judge', 'atMost'], 'must be longer than analysis.warmupSeconds')
      }
    })
    if (policy.steps.every((step) => step.judge === null)) say(['steps'], 'at least one step must have a judge')
    sayRepeatedNames(policy.analysis.metrics, (i) => say(['analysis', 'metrics', i, 'name'], 'is used twice'))
    sayRepeatedNames(policy.after, (i) => say(['after', i, 'name'], 'is used twice'))
  })

/** True for figures that get worse by rising: errors and latencies. Qualities get worse by falling. */
export function isLowerBetter(of: string): boolean {
  return of.startsWith('telemetry.')
}

function isNamedProportion(of: string): boolean {
  return of.startsWith('quality.') && of !== 'quality.accuracy'
}

function checkQuantile(
  { of, quantile }: { of: string; quantile?: number | undefined },
  say: (path: string[], message: string) => void,
): void {
  if (of === 'telemetry.latencyMs' && quantile === undefined) say(['quantile'], 'is required for telemetry.latencyMs')
  if (of !== 'telemetry.latencyMs' && quantile !== undefined) say(['quantile'], `does not apply to ${of}`)
}

function pickLimits(metric: { atLeast?: number | undefined; atMost?: number | undefined }): Record<string, number> {
  return { atLeast: metric.atLeast ?? 0, atMost: metric.atMost ?? 0 }
}

function ruleOf(
  stable: { by: number } | { ratio: number } | undefined,
  atLeast: number | undefined,
  atMost: number | undefined,
): { notWorseThan: { by: number } | { ratio: number } } | { atLeast: number } | { atMost: number } {
  if (stable !== undefined) return { notWorseThan: stable }
  return atLeast === undefined ? { atMost: atMost ?? 0 } : { atLeast }
}

function sayRepeatedNames(items: { name: string }[], say: (index: number) => void): void {
  const seen = new Set<string>()
  items.forEach((item, i) => {
    if (seen.has(item.name)) say(i)
    seen.add(item.name)
  })
}
