import { isNode, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { evidenceKinds } from '#lib/models/evidence.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { condition, requireVariables, whenVariables } from './condition.ts'
import { duration, durationUpTo } from './duration.ts'
import { whyNoFreeze } from './freeze.ts'
import { separations } from './separations.ts'

const holders = ['developer', 'approver', 'validator', 'operator', 'admin'] as const

function cel(variables: readonly string[]) {
  return z
    .string()
    .trim()
    .min(1)
    .superRefine((expression, refine) => {
      try {
        condition(expression, variables)
      } catch (error) {
        if (!isProblem(error, 'invalid')) throw error
        refine.addIssue({ code: 'custom', message: error.message })
      }
    })
}

const EvidenceRule = z.strictObject({
  kind: z.enum(evidenceKinds),
  /** How old it may be when it is decided on, in seconds. */
  maxAge: duration.optional(),
  /** In CEL over evidence.*, stable.*, model.* and environment.*; without it the piece must only be there. */
  require: cel(requireVariables).optional(),
})

const FreezeRule = z
  .strictObject({
    cron: z.string().max(100),
    duration: durationUpTo(60 * 86_400, '60d'),
    timezone: z.string().max(60),
    overrideBy: z.array(z.enum(holders)).max(5).default([]),
  })
  .superRefine(({ cron, timezone }, refine) => {
    const why = whyNoFreeze(cron, timezone)
    if (why !== undefined) refine.addIssue({ code: 'custom', message: why, path: ['cron'] })
  })

const BreakGlassRule = z.strictObject({
  by: z
    .array(z.enum(['operator', 'admin']))
    .min(1)
    .max(2),
  ttl: durationUpTo(4 * 3600, '4h'),
  requireIncident: z.boolean().default(true),
  reviewWithin: durationUpTo(14 * 86_400, '14d'),
})

const ApprovalPolicy = z.strictObject({
  apiVersion: z.literal('quarterdeck/v1'),
  kind: z.literal('ApprovalPolicy'),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** What it is for, in CEL over environment.{name, protected}, model.{name, risk, labels} and version.{version}. */
  when: cel(whenVariables),
  /** Distinct people, per role. */
  quorum: z
    .strictObject({
      approver: z.number().int().min(0).max(10).default(0),
      validator: z.number().int().min(0).max(10).default(0),
    })
    .refine((q) => q.approver + q.validator > 0, { error: 'must ask for at least one person' }),
  separation: z.array(z.enum(separations)).min(1),
  evidence: z.array(EvidenceRule).max(20).default([]),
  /** How long an approval holds, and how long a request stays open. */
  approvalTtl: duration,
  requestTtl: duration.default(7 * 86_400),
  freeze: z.array(FreezeRule).max(20).default([]),
  breakGlass: BreakGlassRule.nullable().default(null),
})
export type ApprovalPolicy = z.output<typeof ApprovalPolicy>
export type LoadedPolicy = { policy: ApprovalPolicy; digest: string }

/** Parses a policy file. @throws `invalid` with the line and path of everything that is wrong */
export function parseApprovalPolicy(text: string, file: string): LoadedPolicy {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken) throw problem('invalid', `${file}: not YAML: ${broken.message}`, { file }, { cause: broken })
  const parsed = ApprovalPolicy.safeParse(valueOf(document, file))
  if (!parsed.success) {
    const errors = parsed.error.issues.map((i) => {
      const line = lineOf(document, lines, i.path)
      return { path: i.path.join('.'), message: i.message, ...(line === undefined ? {} : { line }) }
    })
    const told = errors.map(
      (e) => `${e.line === undefined ? '' : `line ${e.line}: `}${e.path || 'document'}: ${e.message}`,
    )
    throw problem('invalid', `${file}: ${told.join('; ')}`, { file, errors })
  }
  return { policy: parsed.data, digest: policyDigest(parsed.data) }
}

// Aliases are bounded: a few lines could otherwise stand for a billion.
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    throw problem(
      'invalid',
      `${file}: not YAML that is read here: ${cause instanceof Error ? cause.message : 'unreadable'}`,
      { file },
      { cause },
    )
  }
}

// The nearest thing that is written there: a field that is missing is told where the fields around it are.
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

/** What is to be approved where, as conditions see it. */
export type PolicySubject = {
  environment: { name: string; protected: boolean }
  model: { name: string; risk: string; labels: readonly string[] }
  version: { version: string }
}

/**
 * The policy for a subject: the first whose condition holds, in the order given. A condition that cannot be evaluated stops
 * the search: to go on would be to fall through to a laxer policy.
 * @throws `conflict` when none is for it or a condition cannot be evaluated
 */
export function choosePolicy(policies: readonly LoadedPolicy[], subject: PolicySubject): LoadedPolicy {
  for (const loaded of policies) {
    const outcome = condition(loaded.policy.when, whenVariables).evaluate(subject)
    if ('unknown' in outcome)
      throw problem(
        'conflict',
        `Whether the policy ${loaded.policy.name} is for this cannot be told: ${outcome.unknown}.`,
        {
          policy: loaded.policy.name,
          when: loaded.policy.when,
        },
      )
    if (typeof outcome.value !== 'boolean')
      throw problem('conflict', `The condition of the policy ${loaded.policy.name} is neither true nor false.`, {
        policy: loaded.policy.name,
        when: loaded.policy.when,
      })
    if (outcome.value) return loaded
  }
  throw problem(
    'conflict',
    `No approval policy is for ${subject.model.name} in the environment ${subject.environment.name}. Add one to policies/approvals.`,
  )
}
