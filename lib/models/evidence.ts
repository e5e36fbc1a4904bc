import { z } from 'zod'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { digest } from './model.ts'

export const evidenceKinds = [
  'evaluation',
  'model-card',
  'data-validation',
  'security-scan',
  'drift-baseline',
  'test-result',
  'ci-run',
] as const
/** What people and their programs may add; a run of a pipeline is evidence only when its forge says so. */
export const addableKinds = evidenceKinds.filter((kind) => kind !== 'ci-run')
export type EvidenceKind = (typeof evidenceKinds)[number]

const name = z.string().regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/)
const counts = z
  .record(name, z.number().int().min(0))
  .refine((r) => Object.keys(r).length <= 100, { error: 'has at most 100' })
const text = z.string().max(2_000)
const result = z.enum(['passed', 'warned', 'failed'])

/** What a piece of evidence of each kind says. Conditions read these fields as `evidence.…`. */
const contents = {
  evaluation: z.strictObject({
    metrics: z.record(name, z.number()).refine((r) => Object.keys(r).length >= 1 && Object.keys(r).length <= 500, {
      error: 'has 1 to 500 metrics',
    }),
    dataset: text.default(''),
    rows: z.number().int().min(0).optional(),
    notes: text.default(''),
  }),
  'model-card': z.strictObject({
    complete: z.boolean(),
    missing: z.array(z.string().max(200)).max(100).default([]),
    digest,
  }),
  'data-validation': z.strictObject({
    result,
    counts: counts.default({}),
    dataset: text.default(''),
    tool: text.default(''),
  }),
  'security-scan': z.strictObject({
    counts: counts.refine((r) => 'critical' in r, { error: 'must count what is critical: {"critical": 0, …}' }),
    tool: text.default(''),
    report: digest.optional(),
  }),
  'drift-baseline': z.strictObject({
    profile: digest,
    source: text,
    rows: z.number().int().min(0),
    features: z.number().int().min(0),
  }),
  'test-result': z.strictObject({ result, counts: counts.default({}), url: text.default('') }),
  'ci-run': z.strictObject({
    result,
    forge: z.enum(['github', 'gitlab']),
    repository: text,
    workflow: text,
    commit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    ref: text,
    runId: text,
    attempt: z.number().int().min(1),
    url: text,
  }),
} satisfies Record<EvidenceKind, z.ZodType>

/** in-toto test-result v0.1 (in-toto/attestation, spec/predicates/test-result.md), about this very version. */
export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1'
const TestResultStatement = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.object({ name: z.string().optional(), digest: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .min(1)
    .max(100),
  predicateType: z.literal(testResultType),
  predicate: z.object({
    result: z.enum(['PASSED', 'WARNED', 'FAILED']),
    configuration: z.array(z.unknown()).max(100),
    url: z.string().max(2_000).optional(),
    passedTests: z.array(z.string()).max(10_000).optional(),
    warnedTests: z.array(z.string()).max(10_000).optional(),
    failedTests: z.array(z.string()).max(10_000).optional(),
  }),
})

const bytesMax = 32_768

/** Where it came from: a run of an experiment tracker, a pipeline, a file. */
export const EvidenceSource = z.strictObject({
  kind: z.enum(['mlflow-run', 'ci', 'file', 'api', 'profile', 'version']),
  id: z.string().min(1).max(300),
  url: z.string().max(2_000).optional(),
})
export type EvidenceSource = z.output<typeof EvidenceSource>

export const AddEvidenceInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  kind: z.enum(addableKinds),
  /** As its kind asks, or for data-validation, security-scan and test-result an in-toto test-result statement. */
  content: z.record(z.string(), z.unknown()),
  /** When it was measured; now, if not said. Ages count from here. */
  measuredAt: z.iso.datetime({ offset: true }).optional(),
  source: EvidenceSource.optional(),
})
export type AddEvidenceInput = z.input<typeof AddEvidenceInput>

export const WithdrawEvidenceInput = z.strictObject({
  evidenceId: z.string().startsWith('ev_'),
  reason: z.string().trim().min(3).max(2000),
})
export type WithdrawEvidenceInput = z.input<typeof WithdrawEvidenceInput>

export type EvidenceView = {
  id: string
  versionId: string
  kind: EvidenceKind
  digest: string
  content: Record<string, unknown>
  source: EvidenceSource | null
  /** Digest of the in-toto statement that says who produced it. */
  statementDigest: string
  producedBy: { id: string; name: string }
  measuredAt: Date
  addedAt: Date
  withdrawnAt: Date | null
  withdrawnBecause: string | null
}

/** May this piece be withdrawn by somebody? Only by its producer or an admin, and once. */
export function canWithdraw(
  evidence: Pick<EvidenceView, 'producedBy' | 'withdrawnAt'>,
  by: { actorId: string; isAdmin: boolean },
): { allowed: true } | { allowed: false; because: string } {
  if (evidence.producedBy.id !== by.actorId && !by.isAdmin)
    return { allowed: false, because: 'Only whoever produced a piece of evidence, or an admin, may withdraw it.' }
  return evidence.withdrawnAt === null ? { allowed: true } : { allowed: false, because: 'It was withdrawn already.' }
}

export type ReadContent =
  | { ok: true; content: Record<string, unknown> }
  | { ok: false; errors: { path: string; message: string }[] }

/** Reads content as its kind asks. A test-result statement must be about the version's own digest. */
export function readContent(kind: EvidenceKind, content: Record<string, unknown>, versionDigest: string): ReadContent {
  if (JSON.stringify(content).length > bytesMax)
    return refused('content', `may have ${bytesMax} bytes: keep the rest elsewhere and give its digest`)
  const isStatement = content['_type'] !== undefined
  if (isStatement) return readStatement(kind, content, versionDigest)
  return parsed(contents[kind], content, 'content')
}

function readStatement(kind: EvidenceKind, content: Record<string, unknown>, versionDigest: string): ReadContent {
  if (kind !== 'test-result' && kind !== 'data-validation')
    return refused('kind', 'a test-result statement is evidence of the kinds test-result and data-validation')
  const statement = TestResultStatement.safeParse(content)
  if (!statement.success) return refused('content', z.prettifyError(statement.error).slice(0, 500))
  const { subject, predicate } = statement.data
  if (!subject.some((s) => `sha256:${s.digest.sha256}` === versionDigest))
    return refused('content.subject', `names another artifact: the version's digest is ${versionDigest}`)
  const numbers = {
    passed: predicate.passedTests?.length ?? 0,
    warned: predicate.warnedTests?.length ?? 0,
    failed: predicate.failedTests?.length ?? 0,
  }
  const word = ({ PASSED: 'passed', WARNED: 'warned', FAILED: 'failed' } as const)[predicate.result]
  return {
    ok: true,
    content: { result: word, counts: numbers, statement: policyDigest(content), url: predicate.url ?? '' },
  }
}

function parsed(schema: z.ZodType, content: unknown, at: string): ReadContent {
  const result = schema.safeParse(content)
  if (result.success) return { ok: true, content: result.data as Record<string, unknown> }
  const errors = result.error.issues.slice(0, 20).map((i) => ({ path: [at, ...i.path].join('.'), message: i.message }))
  return { ok: false, errors }
}

function refused(path: string, message: string): ReadContent {
  return { ok: false, errors: [{ path, message }] }
}

/** What a piece of evidence is known by: its kind, what it says, and when it was measured. */
export function evidenceDigest(of: { kind: EvidenceKind; content: unknown; measuredAt: Date }): `sha256:${string}` {
  return policyDigest({ kind: of.kind, content: of.content, measuredAt: of.measuredAt.toISOString() })
}
