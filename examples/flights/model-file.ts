import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '#lib/platform/errors.ts'
import { type FeatureName, type FlightFeatures, type ModelVariant, slotCount, slotsOf } from './feature-slots.ts'
import { type LogisticWeights, scoreSlots } from './logistic.ts'

/** `model.json`: what serving needs beside the weights. `weightsFile` holds `slots` little-endian 32-bit floats. */
export type ModelDescription = {
  format: 'quarterdeck-flights-logistic/2'
  variant: ModelVariant
  features: FeatureName[]
  /** Without a value for each of these there is no prediction. */
  required: (keyof FlightFeatures)[]
  slots: number
  bias: number
  threshold: number
  weightsFile: 'weights.f32'
}

export type FlightModel = { description: ModelDescription; weights: LogisticWeights }

export type FlightPrediction = { score: number; prediction: boolean }

/** Reads the model of an artefact folder; throws `invalid` when it is not one of ours or is cut short. */
export async function loadModel(folder: string): Promise<FlightModel> {
  const description = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelDescription
  if (description.format !== 'quarterdeck-flights-logistic/2' || description.slots !== slotCount)
    throw problem('invalid', 'model.json is not of the format that this server reads.', { format: description.format })
  const bytes = await readFile(join(folder, description.weightsFile))
  if (bytes.length !== description.slots * 4)
    throw problem('invalid', `${description.weightsFile} must hold ${description.slots} floats.`)
  const weights = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  return { description, weights: { bias: description.bias, weights } }
}

/**
 * The probability of being more than 15 minutes late, and whether it reaches the model's threshold.
 * @throws `internal` when a value is missing that the model cannot do without
 */
export function predictFlight(model: FlightModel, flight: FlightFeatures): FlightPrediction {
  for (const name of model.description.required) {
    if (flight[name] === null) throw problem('internal', `${name} is required by this model`, { field: name })
  }
  const slots = slotsOf(model.description.features, flight)
  const score = scoreSlots(model.weights, slots, 0, slots.length)
  return { score, prediction: score >= model.description.threshold }
}
