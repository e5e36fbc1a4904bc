import type { PredictionEvent } from './events.ts'

export type Prediction = Omit<PredictionEvent, 'type' | 'features' | 'score' | 'prediction'>

const featuresMax = 1000

/**
 * The prediction event of a request and its response, or null when the request's JSON has no `features` object.
 * Features that are no scalar (lists, objects) are left out: they have no distribution to watch.
 */
export function capturePrediction(
  facts: Prediction,
  requestBody: Buffer,
  responseBody: Buffer,
): PredictionEvent | null {
  const asked = parseObject(requestBody)
  const features = asked?.['features']
  if (typeof features !== 'object' || features === null || Array.isArray(features)) return null
  const answered = parseObject(responseBody) ?? {}
  const event: PredictionEvent = { type: 'prediction', ...facts, features: scalars(features) }
  const { score, prediction } = answered
  if (typeof score === 'number') event.score = score
  if (typeof prediction === 'string' || typeof prediction === 'number' || typeof prediction === 'boolean') {
    event.prediction = prediction
  }
  return event
}

function scalars(features: object): PredictionEvent['features'] {
  const kept: PredictionEvent['features'] = {}
  for (const [name, value] of Object.entries(features).slice(0, featuresMax)) {
    if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) kept[name] = value
  }
  return kept
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    // Not JSON: a request the model server may still understand, but no prediction event can be made of it.
    return null
  }
}
