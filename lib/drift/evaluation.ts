import { createHash } from 'node:crypto'
import { decideDrift, type FeatureVerdict } from './decide.ts'
import type { FindingTransition, OpenFinding } from './finding.ts'
import type { DriftPolicy } from './policy.ts'
import type { Profile } from './profile.ts'

/** The counts of one feature in one window. */
export type WindowCounts = { feature: string; windowAtMs: number; counts: readonly number[] }

/** What one evaluation saw and decided. Stored with each window; with the same counts and policy it decides the same again. */
export type Evaluation = {
  /** The starts of the windows that were looked at. */
  windows: number[]
  /** SHA-256 of the counts looked at: rows that come later change it, and then a replay may decide otherwise. */
  countsDigest: string
  open: OpenFinding[]
  /** For each feature, where its pools began. */
  resumedFrom: Record<string, number>
  verdicts: FeatureVerdict[]
  retired: FindingTransition[]
}

/**
 * Decides about the last of these windows, with those before it for pooling and persistence. Pure: a stored evaluation is
 * replayed by calling this with its `windows`, `open` and `resumedFrom`, the stored counts and any policy.
 */
export function evaluateWindows(input: {
  profile: Profile
  policy: DriftPolicy
  windowMs: number
  windows: readonly number[]
  counts: readonly WindowCounts[]
  open: readonly OpenFinding[]
  resumedFrom: Readonly<Record<string, number>>
}): Evaluation {
  const { profile, policy, windowMs, windows, open, resumedFrom } = input
  const byFeature = new Map<string, Map<number, readonly number[]>>()
  for (const { feature, windowAtMs, counts } of input.counts) {
    const held = byFeature.get(feature) ?? new Map<number, readonly number[]>()
    byFeature.set(feature, held.set(windowAtMs, counts))
  }
  const series = profile.features.map((feature) => {
    const held = byFeature.get(feature.name)
    const fromMs = resumedFrom[feature.name]
    const counts = windows.map((start) => held?.get(start) ?? null)
    return { key: feature.name, segment: null, feature, counts, ...(fromMs === undefined ? {} : { fromMs }) }
  })
  const { verdicts, retired } = decideDrift({
    windows: windows.map((startMs) => ({ startMs, endMs: startMs + windowMs })),
    series,
    policy,
    open,
  })
  const looked = series.map(({ key, counts }) => [key, counts])
  return {
    windows: [...windows],
    countsDigest: createHash('sha256').update(JSON.stringify(looked)).digest('hex'),
    open: [...open],
    resumedFrom: { ...resumedFrom },
    verdicts,
    retired,
  }
}

/** Where the next evaluation begins to look, for each feature. One that is not named has to be looked at from the start. */
export function resumePoints(evaluation: Pick<Evaluation, 'verdicts'> | null): Record<string, number> {
  const points = (evaluation?.verdicts ?? []).flatMap(({ key, resumeFromMs }) =>
    resumeFromMs === null ? [] : [[key, resumeFromMs] as const],
  )
  return Object.fromEntries(points)
}

/** The oldest window that any feature still needs; -Infinity when one of them needs all there are. */
export function historyFrom(evaluation: Pick<Evaluation, 'verdicts'> | null): number {
  const points = evaluation?.verdicts.map(({ resumeFromMs }) => resumeFromMs ?? -Infinity) ?? []
  return points.length === 0 ? -Infinity : Math.min(...points)
}
