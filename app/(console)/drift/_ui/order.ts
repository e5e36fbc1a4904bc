import type { MonitorView } from '#lib/drift/reads.ts'

export type Feature = MonitorView['features'][number]
export type Policy = MonitorView['policy']
export type Thresholds = { watch: number; act: number }

/** From which PSI on a feature is watched and acted on: its own thresholds over the policy's. */
export function thresholdsOf(policy: Pick<Policy, 'thresholds' | 'perFeature'>, feature: string): Thresholds {
  const own = Object.hasOwn(policy.perFeature, feature) ? policy.perFeature[feature] : undefined
  const watch = own?.watch ?? policy.thresholds.watch
  return { watch, act: own?.act ?? Math.max(watch, policy.thresholds.act) }
}

/**
 * How far beyond its threshold an effect is, times how certain it is (one minus the adjusted p): a large effect of a few rows
 * and a certain one of no size both come late. Null where nothing could be judged.
 */
export function weightOf(feature: Feature, policy: Pick<Policy, 'thresholds' | 'perFeature'>): number | null {
  if (feature.figures === null) return null
  const { effect, adjustedP } = feature.figures
  return (effect / thresholdsOf(policy, feature.feature).watch) * (1 - adjustedP)
}

const groups: Record<Feature['verdict'], number> = { act: 0, watch: 1, insufficient: 2, 'no-data': 2, ok: 3 }

/** What drifts first, then what could not be judged, then the rest; within each by effect times certainty. */
export function ordered(monitor: Pick<MonitorView, 'features' | 'policy'>): Feature[] {
  const weight = (feature: Feature) => weightOf(feature, monitor.policy) ?? -1
  return [...monitor.features].sort(
    (a, b) => groups[a.verdict] - groups[b.verdict] || weight(b) - weight(a) || (a.feature < b.feature ? -1 : 1),
  )
}
