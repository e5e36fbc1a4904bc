import type { Attribution } from './attribute.ts'
import type { FeatureVerdict } from './decide.ts'
import type { Evaluation } from './evaluation.ts'
import type { Severity } from './finding.ts'

export type StandingFinding = { id: string; feature: string; level: Severity; drill: string | null }

type Update = { level: Severity; lastWindowAt: Date; figures: unknown; attribution: Attribution; because: string }
type Told = { feature: string; because: string; drill: string | null; after: Record<string, unknown> }

/** What an evaluation asks for, one step for each finding. All but `update` are told to people. */
export type FindingStep =
  | ({ kind: 'open'; since: Date; update: Update } & Told)
  | ({ kind: 'escalate'; id: string; before: unknown; update: Update } & Told)
  | ({ kind: 'resolve'; id: string; before: unknown } & Told)
  | { kind: 'update'; id: string; update: Update }

const binsTold = 3

/**
 * The steps of an evaluation, in the order of its verdicts. `drill` names the drill that runs since an event time: findings
 * about windows that end after it carry its label.
 */
export function findingSteps(
  evaluation: Pick<Evaluation, 'verdicts' | 'retired'>,
  standing: readonly StandingFinding[],
  drill: { label: string; fromMs: number } | null,
): FindingStep[] {
  const held = new Map(standing.map((finding) => [finding.feature, finding]))
  const steps = evaluation.verdicts.flatMap((verdict) => {
    const { transition } = verdict
    const finding = held.get(verdict.key)
    if (transition === null) return []
    if (transition.kind === 'resolve') return finding ? [resolveStep(finding, transition.because)] : []
    if (!finding) return transition.kind === 'open' ? [openStep(verdict, transition, drill)] : []
    return [updateStep(verdict, transition, finding)]
  })
  const retired = evaluation.retired.flatMap(({ key, because }) => {
    const finding = held.get(key)
    return finding ? [resolveStep(finding, because)] : []
  })
  return [...steps, ...retired]
}

type Rise = Extract<NonNullable<FeatureVerdict['transition']>, { severity: Severity }>

function openStep(
  verdict: FeatureVerdict,
  transition: Rise,
  drill: { label: string; fromMs: number } | null,
): FindingStep {
  const update = updateOf(verdict, transition)
  return {
    kind: 'open',
    feature: verdict.feature,
    since: new Date(transition.sinceMs),
    update,
    because: update.because,
    drill: drill !== null && transition.lastPoolEndMs > drill.fromMs ? drill.label : null,
    after: { transition: 'opened', ...told(verdict, transition) },
  }
}

function updateStep(verdict: FeatureVerdict, transition: Rise, finding: StandingFinding): FindingStep {
  const { id, feature, level, drill } = finding
  const update = updateOf(verdict, transition)
  if (level === transition.severity) return { kind: 'update', id, update }
  const after = { transition: 'escalated', ...told(verdict, transition) }
  return { kind: 'escalate', id, feature, drill, update, before: { level }, because: update.because, after }
}

function resolveStep({ id, feature, level, drill }: StandingFinding, reasons: readonly string[]): FindingStep {
  const because = sentence(feature, reasons)
  const after = { transition: 'resolved', feature, level }
  return { kind: 'resolve', id, feature, drill, because, before: { feature, level, state: 'open' }, after }
}

function updateOf(verdict: FeatureVerdict, transition: Rise): Update {
  const { attribution, ...figures } = verdict.figures ?? { attribution: { bins: [], causes: [] } }
  return {
    level: transition.severity,
    lastWindowAt: new Date(transition.lastPoolEndMs),
    figures,
    attribution,
    because: sentence(verdict.feature, [...verdict.because, ...transition.because]),
  }
}

/** What the log keeps: enough to know what moved, not the whole attribution. */
function told({ feature, figures }: FeatureVerdict, { severity, sinceMs }: Rise): Record<string, unknown> {
  const since = new Date(sinceMs).toISOString()
  if (figures === null) return { feature, level: severity, since }
  const { bins, causes } = figures.attribution
  return {
    feature,
    level: severity,
    since,
    psi: rounded(figures.psi),
    effect: rounded(figures.effect),
    adjustedP: rounded(figures.adjustedP),
    rows: figures.rows,
    window: { from: new Date(figures.startMs).toISOString(), to: new Date(figures.endMs).toISOString() },
    attribution: {
      bins: bins.slice(0, binsTold).map(({ label, contribution, referenceShare, currentShare }) => ({
        label,
        contribution: rounded(contribution),
        referenceShare: rounded(referenceShare),
        currentShare: rounded(currentShare),
      })),
      causes: causes.map((cause) => cause.text),
    },
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(6))
}

function sentence(feature: string, reasons: readonly string[]): string {
  return `${feature}: ${reasons.join('; ')}.`
}
