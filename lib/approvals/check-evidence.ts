import { condition, requireVariables } from './condition.ts'
import type { ApprovalSubject, SubjectEvidence } from './model.ts'
import type { ApprovalPolicy } from './policy.ts'

/** The verdict on one thing that the policy asks of the evidence, with the values it was judged on. */
export type EvidenceCheck = {
  kind: string
  ok: boolean
  because: string
  /** In CEL; null where the piece must only be there. */
  expression: string | null
  /** By dotted name; null is what was missing. What is not a number, text or boolean is given as JSON. */
  values: Record<string, number | string | boolean | null>
  /** The piece that was judged: the newest of its kind. */
  digest: string | null
  ageSeconds: number | null
  maxAgeSeconds: number | null
}

type Rule = ApprovalPolicy['evidence'][number]
type Judged = Pick<ApprovalSubject, 'evidence' | 'serving'> & {
  model: { name: string; risk?: string; labels?: readonly string[] }
  environment: { name: string }
}

/**
 * Judges the evidence of a revision as of `now`. Of each kind the newest piece counts. What cannot be evaluated fails, and
 * says which value was missing. Pure.
 */
export function checkEvidence(policy: Pick<ApprovalPolicy, 'evidence'>, subject: Judged, now: Date): EvidenceCheck[] {
  return policy.evidence.map((rule) => checkOne(rule, subject, now))
}

function checkOne(rule: Rule, subject: Judged, now: Date): EvidenceCheck {
  const expression = rule.require ?? null
  const piece = newestOf(subject.evidence, rule.kind)
  const common = { kind: rule.kind, expression, maxAgeSeconds: rule.maxAge ?? null }
  if (!piece) {
    const because = `there is no ${rule.kind}: add one to the version`
    return { ...common, ok: false, because, values: {}, digest: null, ageSeconds: null }
  }
  const ageSeconds = Math.max(0, Math.floor((now.getTime() - Date.parse(piece.at)) / 1000))
  const judged = { ...common, digest: piece.digest, ageSeconds }
  const { values, verdict } =
    expression === null ? { values: {}, verdict: null } : evaluate(expression, piece, subject, ageSeconds)
  if (rule.maxAge !== undefined && ageSeconds > rule.maxAge)
    return {
      ...judged,
      ok: false,
      values,
      because: `is ${days(ageSeconds)} old, and may be ${days(rule.maxAge)}: measure it again`,
    }
  return verdict === null ? { ...judged, ok: true, values, because: 'is there' } : { ...judged, values, ...verdict }
}

function evaluate(expression: string, piece: SubjectEvidence, subject: Judged, ageSeconds: number) {
  const { serving, model, environment } = subject
  const stable = serving
    ? { version: serving.version, metrics: serving.metrics, ...serving.evidence?.[piece.kind] }
    : null
  const evidence = { ...piece.content, kind: piece.kind, digest: piece.digest, producer: piece.producer, ageSeconds }
  const bindings = { evidence, stable, model, environment }
  const program = condition(expression, requireVariables)
  const outcome = program.evaluate(bindings)
  const values = Object.fromEntries(
    Object.entries(program.values(bindings)).map(([name, value]) => [name, shown(value)]),
  )
  if ('unknown' in outcome) return { values, verdict: { ok: false, because: `cannot be judged: ${outcome.unknown}` } }
  if (outcome.value === true) return { values, verdict: { ok: true, because: 'holds' } }
  const because = outcome.value === false ? 'does not hold' : 'came to neither true nor false'
  return { values, verdict: { ok: false, because } }
}

/** The piece of that kind that counts. */
export function newestOf(evidence: readonly SubjectEvidence[], kind: string): SubjectEvidence | undefined {
  return evidence
    .filter((e) => e.kind === kind)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (b.digest < a.digest ? -1 : 1))[0]
}

function shown(value: unknown): number | string | boolean | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  return JSON.stringify(value).slice(0, 200)
}

function days(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
