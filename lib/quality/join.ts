import { outcomeText, type LabelledPrediction } from './fold.ts'

type Outcome = string | number | boolean
export type LabelFeature = string | number | boolean | null

export type KeptPrediction = {
  workspaceId: string
  predictionId: string
  endpointId: string
  versionId: string
  generation: number
  eventAt: Date
  score: number | null
  prediction: string | null
}

export type KeptLabel = {
  workspaceId: string
  predictionId: string
  /** The one endpoint that the sender's key is for, or '' for any. */
  endpointId: string
  eventAt: Date
  label: string
  features: Record<string, LabelFeature>
}

export type JoinedLabel = KeptPrediction & {
  label: string
  labelAt: Date
  features: Record<string, LabelFeature>
  /** False when this prediction had a label before: the new one is a duplicate and is not counted. */
  isFirst: boolean
}

/** A prediction event as it is kept until its label comes. */
export function keptPrediction(
  workspaceId: string,
  event: {
    id: string
    time: number
    endpoint: string
    version: string
    generation: number
    score?: number | undefined
    prediction?: Outcome | undefined
  },
): KeptPrediction {
  return {
    workspaceId,
    predictionId: event.id,
    endpointId: event.endpoint,
    versionId: event.version,
    generation: event.generation,
    eventAt: new Date(event.time),
    score: event.score ?? null,
    prediction: event.prediction === undefined ? null : outcomeText(event.prediction),
  }
}

/** A label event as it is kept until it is joined. */
export function keptLabel(
  workspaceId: string,
  keyEndpointId: string | null,
  event: { predictionId: string; time: number; label: Outcome; features?: Record<string, LabelFeature> | undefined },
): KeptLabel {
  return {
    workspaceId,
    predictionId: event.predictionId,
    endpointId: keyEndpointId ?? '',
    eventAt: new Date(event.time),
    label: outcomeText(event.label),
    features: event.features ?? {},
  }
}

/** A join as the fold counts it. */
export function labelledOf(joined: JoinedLabel): LabelledPrediction {
  const { workspaceId, endpointId, versionId, generation, score, prediction, label } = joined
  const times = { eventAtMs: joined.eventAt.getTime(), labelAtMs: joined.labelAt.getTime() }
  return { workspaceId, endpointId, versionId, generation, score, prediction, label, ...times }
}
