import { parse } from 'yaml'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'

/** `90s`, `15m`, `12h` or `14d`, in seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, { error: 'must be a duration such as 30m, 12h or 14d' })
  .transform((text) => Number(text.slice(0, -1)) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1) ?? 's'] ?? 1))

export const separations = ['requester', 'version-author', 'run-owner'] as const

const ApprovalPolicy = z.strictObject({
  apiVersion: z.literal('quarterdeck/v1'),
  kind: z.literal('ApprovalPolicy'),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** The environments it is for. Conditions in CEL join with the governance work. */
  when: z.strictObject({ protected: z.boolean() }),
  /** Distinct people, per role. */
  quorum: z
    .strictObject({
      approver: z.number().int().min(0).max(10).default(0),
      validator: z.number().int().min(0).max(10).default(0),
    })
    .refine((q) => q.approver + q.validator > 0, { error: 'must ask for at least one person' }),
  separation: z.array(z.enum(separations)).min(1),
  evidence: z
    .array(z.strictObject({ kind: z.literal('evaluation'), requireMetrics: z.array(z.string().min(1)).default([]) }))
    .max(20),
  /** How long an approval holds, and how long a request stays open. */
  approvalTtl: duration,
  requestTtl: duration,
})
export type ApprovalPolicy = z.output<typeof ApprovalPolicy>
export type LoadedPolicy = { policy: ApprovalPolicy; digest: string }

/** Parses a policy file. @throws `invalid` with every wrong field's path */
export function parseApprovalPolicy(text: string, file: string): LoadedPolicy {
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 20 })
  } catch (cause) {
    throw problem(
      'invalid',
      `${file}: not YAML: ${cause instanceof Error ? cause.message : 'unreadable'}`,
      { file },
      { cause },
    )
  }
  const parsed = ApprovalPolicy.safeParse(document)
  if (!parsed.success) {
    const errors = parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
    throw problem('invalid', `${file}: ${errors.map((e) => `${e.path || 'document'}: ${e.message}`).join('; ')}`, {
      file,
      errors,
    })
  }
  return { policy: parsed.data, digest: policyDigest(parsed.data) }
}

/** The policy for an environment: the first that matches, in the order given. */
export function choosePolicy(
  policies: readonly LoadedPolicy[],
  environment: { name: string; protected: boolean },
): LoadedPolicy {
  const found = policies.find((p) => p.policy.when.protected === environment.protected)
  if (!found)
    throw problem(
      'conflict',
      `No approval policy is for the environment ${environment.name}. Add one to policies/approvals.`,
    )
  return found
}
