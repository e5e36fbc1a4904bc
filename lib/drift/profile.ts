import { createHash } from 'node:crypto'

import canonicalize from 'canonicalize'
import { z } from 'zod'

import { cellCount, type FeatureKind, type FeatureProfile, TEXT_LENGTH_MAX } from './cells.ts'
import { binCategorical, binNumericByEdges, binNumericByValue } from './profile-bins.ts'

export type CellValue = number | string | boolean | null | undefined

export type Profile = { formatVersion: 1; rows: number; features: FeatureProfile[] }

export type ProfileOptions = {
  /** Number of quantile cells of a numeric feature, 5–50. Default 10 (deciles). */
  quantiles?: number
  /** A numeric feature with at most this many distinct finite values gets a cell per value. Default 20. */
  byValueMax?: number
  /** Categories with a cell of their own. Default 100. */
  topK?: number
  /** Reference values listed below the top K, see `FeatureProfile.tail`. Default 1,000. */
  tailMax?: number
  /** Kinds that override what the values look like. */
  kinds?: Record<string, FeatureKind>
}

/** A reference that no profile can be made from; the message names the feature and what to do. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError'
}

const FEATURES_MAX = 2000

/**
 * Makes a frozen reference profile from columns of equal length (one entry per row; `undefined` counts as null).
 *
 * Numeric edges are the nearest-rank quantiles i/k (the smallest value with at least i/k of the finite values at or
 * below it), duplicates merged. The result does not depend on the order of rows.
 * Throws `ProfileError` on no rows, unequal columns, mixed types or options out of range.
 */
export function buildProfile(columns: Record<string, readonly CellValue[]>, options: ProfileOptions = {}): Profile {
  const settings = parseOptions(options)
  const names = Object.keys(columns)
  if (names.length === 0) throw new ProfileError('a profile needs at least one feature: give at least one column')
  if (names.length > FEATURES_MAX) throw new ProfileError(`at most ${FEATURES_MAX} features, got ${names.length}`)
  const rows = columns[names[0] ?? '']?.length ?? 0
  if (rows === 0) throw new ProfileError('a reference needs at least one row')
  const features = names.map((name) => {
    const column = columns[name] ?? []
    if (column.length !== rows) {
      throw new ProfileError(
        `column "${name}" has ${column.length} rows, the first column has ${rows}: make them equal`,
      )
    }
    if (!isUsableName(name)) throw new ProfileError(`"${name}" cannot be a feature name: rename the column`)
    return profileFeature(name, column, options.kinds?.[name], settings)
  })
  return { formatVersion: 1, rows, features }
}

/**
 * SHA-256 (lower-case hex) over the RFC 8785 canonical JSON of the profile: names, kinds, edges, values and counts.
 * Floating-point moments are never part of a profile, so every engine that counts alike gets the same digest.
 */
export function profileDigest(profile: Profile): string {
  const text = canonicalize(profile)
  if (text === undefined) throw new ProfileError('the profile is not a JSON value')
  return createHash('sha256').update(text).digest('hex')
}

type Settings = Required<Omit<ProfileOptions, 'kinds'>>

function parseOptions(options: ProfileOptions): Settings {
  const { quantiles = 10, byValueMax = 20, topK = 100, tailMax = 1000 } = options
  requireRange('quantiles', quantiles, 5, 50)
  requireRange('byValueMax', byValueMax, 0, 100)
  requireRange('topK', topK, 1, 1000)
  requireRange('tailMax', tailMax, 0, 100_000)
  return { quantiles, byValueMax, topK, tailMax }
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ProfileError(`${name} must be a whole number from ${min} to ${max}, got ${value}`)
  }
}

function profileFeature(
  name: string,
  column: readonly CellValue[],
  asked: FeatureKind | undefined,
  settings: Settings,
): FeatureProfile {
  const kind = asked ?? inferKind(name, column)
  if (kind !== 'numeric') {
    const texts = column.map((value, row) => (isMissing(value) ? null : asText(name, kind, value, row)))
    return { name, kind, edges: [], ...binCategorical(texts, kind, settings.topK, settings.tailMax) }
  }
  const numbers = column.map((value, row) => {
    if (isMissing(value)) return null
    if (typeof value === 'number') return value
    throw new ProfileError(`feature "${name}" row ${row}: expected a number, got a ${typeof value}`)
  })
  const distinct = new Set(numbers.filter((v) => v !== null && Number.isFinite(v)))
  if (distinct.size > 0 && distinct.size <= settings.byValueMax) return { name, kind, ...binNumericByValue(numbers) }
  return { name, kind, ...binNumericByEdges(numbers, settings.quantiles) }
}

/** A column without a single value is taken as categorical: any later value then shows as `unseen`. */
function inferKind(name: string, column: readonly CellValue[]): FeatureKind {
  const types = new Set(column.filter((v) => !isMissing(v)).map((v) => typeof v))
  if (types.size > 1) {
    throw new ProfileError(
      `feature "${name}" mixes ${[...types].sort().join(' and ')}: clean the column, or set its kind to categorical`,
    )
  }
  if (types.has('number')) return 'numeric'
  return types.has('boolean') ? 'boolean' : 'categorical'
}

function asText(name: string, kind: FeatureKind, value: NonNullable<CellValue>, row: number): string {
  const fits = kind === 'boolean' ? typeof value === 'boolean' : typeof value !== 'number' || Number.isFinite(value)
  if (!fits) throw new ProfileError(`feature "${name}" row ${row}: ${String(value)} is not a ${kind} value`)
  // String(-0) is "0" and String(number) is the RFC 8785 form, so engines agree on the text of a number.
  return String(value)
}

function isMissing(value: CellValue): value is null | undefined {
  return value === null || value === undefined
}

/** Names that every object inherits would be found in events that do not carry them. */
function isUsableName(name: string): boolean {
  return name.length > 0 && name.length <= TEXT_LENGTH_MAX && !(name in {}) && name.isWellFormed()
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const featureSchema = z
  .strictObject({
    name: z.string().refine(isUsableName, 'not usable as a feature name'),
    kind: z.enum(['numeric', 'categorical', 'boolean']),
    edges: z.array(z.number()).max(1000),
    values: z.array(z.string().max(TEXT_LENGTH_MAX)).max(1000),
    tail: z.array(z.string().max(TEXT_LENGTH_MAX)).max(100_000).nullable(),
    singletons: count,
    counts: z.array(count),
  })
  .superRefine((f, ctx) => {
    for (const message of featureFaults(f)) ctx.addIssue({ code: 'custom', message: `feature "${f.name}": ${message}` })
  })

/** Strict validation of a stored or submitted profile. */
export const Profile = z
  .strictObject({
    formatVersion: z.literal(1),
    rows: count.min(1),
    features: z.array(featureSchema).min(1).max(FEATURES_MAX),
  })
  .superRefine((profile, ctx) => {
    const names = new Set(profile.features.map((f) => f.name))
    if (names.size !== profile.features.length) ctx.addIssue({ code: 'custom', message: 'feature names repeat' })
    for (const f of profile.features) {
      const sum = f.counts.reduce((a, b) => a + b, 0)
      if (sum !== profile.rows) {
        ctx.addIssue({
          code: 'custom',
          message: `feature "${f.name}": counts add up to ${sum}, rows is ${profile.rows}`,
        })
      }
    }
  })

function featureFaults(f: FeatureProfile): string[] {
  const faults: string[] = []
  if (f.edges.some((e, i) => i > 0 && e <= (f.edges[i - 1] ?? e))) faults.push('edges must ascend strictly')
  if (f.kind !== 'numeric' && f.edges.length > 0) faults.push('only a numeric feature has edges')
  if (f.edges.length > 0 && f.values.length > 0) faults.push('a feature has edges or values, not both')
  if (f.kind === 'boolean' && f.values.join() !== 'false,true') faults.push('boolean values must be false, true')
  if (f.kind === 'numeric' && f.values.some((v) => !isNumberText(v)))
    faults.push('values must be numbers in their shortest form')
  if (f.kind === 'numeric' && f.values.some((v, i) => i > 0 && Number(v) <= Number(f.values[i - 1]))) {
    faults.push('numeric values must ascend strictly')
  }
  const listed = [...f.values, ...(f.tail ?? [])]
  if (new Set(listed).size !== listed.length) faults.push('values repeat')
  if (f.counts.length !== cellCount(f)) faults.push(`needs ${cellCount(f)} counts, has ${f.counts.length}`)
  return faults
}

function isNumberText(text: string): boolean {
  return Number.isFinite(Number(text)) && String(Number(text)) === text
}
