import { problem } from '#lib/platform/errors.ts'
import type { FlightFeatures } from './feature-slots.ts'

/**
 * Reads `{"features": {distance, origin, destination, hour, dayOfWeek, arrivalReported?}}`. `distance`, `origin` and
 * `destination` may be null (the upstream did not know); `hour` and `dayOfWeek` are known to whoever asks. Throws
 * `invalid` with `field`, naming the first field that is wrong.
 */
export function parsePredictRequest(body: string): FlightFeatures {
  const request = parseJson(body)
  if (!isRecord(request)) throw badField('body', 'a JSON object {"features": {…}}')
  const { features } = request
  if (!isRecord(features)) throw badField('features', 'an object')
  for (const name of Object.keys(features)) if (!fieldNames.has(name)) throw badField(`features.${name}`, 'left out')
  const { arrivalReported } = features
  if (arrivalReported !== undefined && typeof arrivalReported !== 'boolean')
    throw badField('features.arrivalReported', 'true, false or left out')
  return {
    distance: nullOr('distance', features.distance, readDistance),
    origin: nullOr('origin', features.origin, readAirport),
    destination: nullOr('destination', features.destination, readAirport),
    hour: readInteger('hour', features.hour, 0, 23),
    dayOfWeek: readInteger('dayOfWeek', features.dayOfWeek, 1, 7),
    ...(arrivalReported === undefined ? {} : { arrivalReported }),
  }
}

const fieldNames = new Set(['distance', 'origin', 'destination', 'hour', 'dayOfWeek', 'arrivalReported'])
/** Half of the earth's circumference is 12,451 miles or 20,038 km; nothing flies further without landing. */
const distanceMax = 25_000

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw problem('invalid', 'The body is not JSON.', { field: 'body' }, { cause })
  }
}

function nullOr<T>(name: string, value: unknown, read: (name: string, value: unknown) => T): T | null {
  return value === null ? null : read(name, value)
}

function readDistance(name: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= distanceMax))
    throw badField(`features.${name}`, `a number from 0 to ${distanceMax}, or null`)
  return value
}

function readAirport(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Z0-9]{3}$/.test(value))
    throw badField(`features.${name}`, 'an airport code of three capitals or digits, or null')
  return value
}

function readInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw badField(`features.${name}`, `an integer from ${min} to ${max}`)
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function badField(field: string, expected: string) {
  return problem('invalid', `${field} must be ${expected}.`, { field })
}
