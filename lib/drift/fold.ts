import { compileBinner, zeroCounts, type Binner, type EventFeatures, type FeatureCounts } from './bin.ts'
import type { DriftPolicy } from './policy.ts'
import type { CellValue, Profile } from './profile.ts'

/** What of a monitor the fold needs. */
export type FoldMonitor = {
  id: string
  endpointId: string
  profileId: string
  windowSeconds: number
  /** Features of the profile whose values come with the label; the others come with the prediction. */
  labelFeatures: readonly string[]
  profile: Profile
  policy: Pick<DriftPolicy, 'perFeature'>
}

type Part = { profile: Profile; binner: Binner }

/** A monitor, ready to count. Two with the same `signature` refuse the same events. */
export type CompiledMonitor = {
  id: string
  endpointId: string
  windowMs: number
  signature: string
  ofPrediction: Part | null
  ofLabel: Part | null
}

/** The monitors of one endpoint, and one binner of predictions for each kind of them. */
export type EndpointMonitors = { monitors: readonly CompiledMonitor[]; distinct: readonly Part[] }

/** Counts by monitor and window, and how far each monitor's event time has come. */
export type DriftFold = { cells: Map<string, Cells>; newestMs: Map<string, number> }
type Cells = { monitorId: string; windowAtMs: number; part: Part; counts: FeatureCounts }

export type DriftRow = { monitorId: string; feature: string; windowAtMs: number; counts: number[] }

/**
 * Compiles the binners of a monitor, one for what predictions carry and one for what labels bring. Features that the
 * policy ignores are not counted. A label's feature is named as in the profile, with or without the prefix `label:`.
 */
export function compileMonitor(monitor: FoldMonitor): CompiledMonitor {
  const ofLabels = new Set(monitor.labelFeatures)
  const counted = monitor.profile.features.filter((f) => monitor.policy.perFeature[f.name]?.ignore !== true)
  const part = (features: Profile['features']): Part | null => {
    if (features.length === 0) return null
    const profile = { ...monitor.profile, features }
    return { profile, binner: compileBinner(profile) }
  }
  const ofPrediction = part(counted.filter((f) => !ofLabels.has(f.name)))
  return {
    id: monitor.id,
    endpointId: monitor.endpointId,
    windowMs: monitor.windowSeconds * 1000,
    signature: `${monitor.profileId} ${JSON.stringify(ofPrediction?.binner.names ?? [])}`,
    ofPrediction,
    ofLabel: part(counted.filter((f) => ofLabels.has(f.name))),
  }
}

export function monitorsByEndpoint(compiled: readonly CompiledMonitor[]): Map<string, EndpointMonitors> {
  const grouped = Map.groupBy(compiled, (monitor) => monitor.endpointId)
  return new Map(
    [...grouped].map(([endpointId, monitors]) => {
      const parts = new Map(monitors.map((m) => [m.signature, m.ofPrediction]))
      return [endpointId, { monitors, distinct: [...parts.values()].filter((part) => part !== null) }]
    }),
  )
}

export function emptyDriftFold(): DriftFold {
  return { cells: new Map(), newestMs: new Map() }
}

/**
 * Counts one prediction in every monitor of its endpoint, in the window of its event time. Returns null, or why it does
 * not fit; then no monitor has counted it.
 */
export function foldPrediction(
  fold: DriftFold,
  of: EndpointMonitors,
  event: {
    time: number
    features: EventFeatures
    score?: number | undefined
    prediction?: string | number | boolean | undefined
  },
): string | null {
  const features = withOutputs(event)
  const refusal = refuse(of, features)
  if (refusal !== null) return refusal
  for (const monitor of of.monitors) {
    const reason =
      monitor.ofPrediction && countIn(fold, monitor, monitor.ofPrediction, 'prediction', event.time, features)
    if (reason !== null) return reason
    const newest = fold.newestMs.get(monitor.id)
    if (newest === undefined || newest < event.time) fold.newestMs.set(monitor.id, event.time)
  }
  return null
}

/**
 * Counts what became known with a label, in the window of the prediction's event time. Returns how many monitors could not
 * take it, because a value is not of its feature's type.
 */
export function foldLabelFeatures(
  fold: DriftFold,
  { monitors }: EndpointMonitors,
  joined: { eventAtMs: number; label: string; features: EventFeatures },
): number {
  let unfit = 0
  const named: EventFeatures = { label: joined.label }
  for (const [name, value] of Object.entries(joined.features)) {
    named[name] = value
    named[`label:${name}`] = value
  }
  for (const monitor of monitors) {
    if (!monitor.ofLabel) continue
    if (countIn(fold, monitor, monitor.ofLabel, 'label', joined.eventAtMs, named) !== null) unfit += 1
  }
  return unfit
}

/** The counts as rows in the order of their keys: the one order in which every transaction writes them. */
export function driftRows(fold: DriftFold): DriftRow[] {
  const rows = [...fold.cells.values()].flatMap(({ monitorId, windowAtMs, part, counts }) =>
    part.binner.names.map((feature, i) => ({ monitorId, feature, windowAtMs, counts: [...(counts.cells[i] ?? [])] })),
  )
  return rows
    .filter((row) => row.counts.some((n) => n > 0))
    .sort((a, b) => compare(a.monitorId, b.monitorId) || compare(a.feature, b.feature) || a.windowAtMs - b.windowAtMs)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Scores and predictions are features like any other, unless the event has features of these names itself. */
function withOutputs(event: Parameters<typeof foldPrediction>[2]): EventFeatures {
  const outputs: Record<string, CellValue> = {}
  if (event.score !== undefined && event.features.score === undefined) outputs.score = event.score
  if (event.prediction !== undefined && event.features.prediction === undefined) outputs.prediction = event.prediction
  return { ...event.features, ...outputs }
}

/** With one kind of monitor its own count tells; with several, none must have counted what another refuses. */
function refuse({ distinct }: EndpointMonitors, features: EventFeatures): string | null {
  if (distinct.length < 2) return null
  for (const part of distinct) {
    const reason = part.binner.fold(features, scratchOf(part))
    if (reason !== null) return reason
  }
  return null
}

const scratch = new WeakMap<Part, FeatureCounts>()

function scratchOf(part: Part): FeatureCounts {
  let counts = scratch.get(part)
  if (!counts) scratch.set(part, (counts = zeroCounts(part.profile)))
  return counts
}

function countIn(
  fold: DriftFold,
  monitor: CompiledMonitor,
  part: Part,
  kind: 'prediction' | 'label',
  timeMs: number,
  features: EventFeatures,
): string | null {
  const windowAtMs = Math.floor(timeMs / monitor.windowMs) * monitor.windowMs
  const key = `${monitor.id} ${kind} ${windowAtMs}`
  let cells = fold.cells.get(key)
  if (!cells) {
    cells = { monitorId: monitor.id, windowAtMs, part, counts: zeroCounts(part.profile) }
    fold.cells.set(key, cells)
  }
  return part.binner.fold(features, cells.counts)
}
