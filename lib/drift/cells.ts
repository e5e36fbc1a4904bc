/**
 * The cell layout of a feature: which position of a count vector stands for what.
 *
 * Ordinary cells come first, special cells follow at fixed offsets, so that counts made by different engines (this
 * process, DuckDB, Spark) add up without any mapping. Layouts, in order:
 *
 * - numeric by edges:  `(-inf, e0) [e0, e1) … [ek, +inf)`, then `null, NaN, -inf, +inf`
 * - numeric by value:  one cell per value (ascending), then `null, NaN, -inf, +inf, unseen`
 * - categorical:       one cell per value, then `other, unseen, null`
 * - boolean:           `false, true`, then `other, unseen, null` (the first two of these stay 0)
 */

export type FeatureKind = 'numeric' | 'categorical' | 'boolean'

/** One feature of a frozen reference profile. `counts` holds the reference's rows per cell, special cells included. */
export type FeatureProfile = {
  name: string
  kind: FeatureKind
  /** Numeric by edges: strictly ascending, finite. Otherwise empty. */
  edges: number[]
  /** Categorical and boolean: the values with a cell of their own. Numeric by value: numbers in RFC 8785 text. */
  values: string[]
  /**
   * Reference values that have no cell of their own (below the top K). A text in this list counts as `other`, any text
   * outside it as `unseen`. `null` when the reference held more distinct values than the profile may list: then the
   * two cannot be told apart, and every unlisted text counts as `other` (never as a false `unseen`).
   */
  tail: string[] | null
  /** Values that occurred exactly once in the reference (Good and Turing's n1); 0 for a numeric feature by edges. */
  singletons: number
  counts: number[]
}

/** Positions of the special cells; -1 where the layout has no such cell. */
export type SpecialCells = {
  null: number
  nan: number
  minusInfinity: number
  plusInfinity: number
  other: number
  unseen: number
}

/** Texts longer than this are represented by `textKey`, so that one huge value cannot blow up a profile. */
export const TEXT_LENGTH_MAX = 256

/** How many cells come before the special ones. */
export function ordinaryCells(f: Pick<FeatureProfile, 'kind' | 'edges' | 'values'>): number {
  return f.kind === 'numeric' && f.values.length === 0 ? f.edges.length + 1 : f.values.length
}

/** True for a numeric feature whose cells are single values (few distinct values in the reference). */
export function isByValue(f: Pick<FeatureProfile, 'kind' | 'values'>): boolean {
  return f.kind === 'numeric' && f.values.length > 0
}

/** The positions of the special cells of a feature. */
export function specialCells(f: Pick<FeatureProfile, 'kind' | 'edges' | 'values'>): SpecialCells {
  const n = ordinaryCells(f)
  if (f.kind === 'numeric') {
    const unseen = isByValue(f) ? n + 4 : -1
    return { null: n, nan: n + 1, minusInfinity: n + 2, plusInfinity: n + 3, other: -1, unseen }
  }
  return { null: n + 2, nan: -1, minusInfinity: -1, plusInfinity: -1, other: n, unseen: n + 1 }
}

/** The length of the feature's count vectors. */
export function cellCount(f: Pick<FeatureProfile, 'kind' | 'edges' | 'values'>): number {
  const ordinary = ordinaryCells(f)
  if (f.kind !== 'numeric') return ordinary + 3
  return ordinary + (isByValue(f) ? 5 : 4)
}

/** Human-readable labels of all cells, in layout order. Long texts keep their beginning. */
export function cellLabels(f: Pick<FeatureProfile, 'kind' | 'edges' | 'values'>): string[] {
  if (f.kind !== 'numeric') return [...f.values.map(textLabel), 'other', 'unseen', 'null']
  if (isByValue(f)) return [...f.values, 'null', 'NaN', '-Infinity', '+Infinity', 'unseen']
  const { edges } = f
  const first = edges[0]
  const ordinary =
    first === undefined
      ? ['any number']
      : [`< ${first}`, ...edges.map((e, i) => (i + 1 < edges.length ? `[${e}, ${edges[i + 1]})` : `≥ ${e}`))]
  return [...ordinary, 'null', 'NaN', '-Infinity', '+Infinity']
}

function textLabel(value: string): string {
  if (value === '') return '(empty text)'
  return value.length <= 60 ? value : `${value.slice(0, 57)}…`
}
