import { type FeatureKind, type FeatureProfile, specialCells } from './cells.ts'
import { textKey } from './text-key.ts'

type Bins = Omit<FeatureProfile, 'name' | 'kind'>

/** Quantile cells of a numeric column; see `buildProfile` for the definition of the edges. */
export function binNumericByEdges(numbers: readonly (number | null)[], quantiles: number): Bins {
  const sorted = Float64Array.from(numbers.filter((v) => v !== null && Number.isFinite(v)) as number[]).sort()
  const edges: number[] = []
  for (let i = 1; i < quantiles && sorted.length > 0; i++) {
    // i·n is exact, so the rank does not depend on how i/k rounds. Adding 0 turns -0 into 0.
    const edge = (sorted[Math.ceil((i * sorted.length) / quantiles) - 1] ?? 0) + 0
    if (edges.length === 0 || edge > (edges[edges.length - 1] ?? edge)) edges.push(edge)
  }
  const cells = specialCells({ kind: 'numeric', edges, values: [] })
  const counts = zeros(edges.length + 1 + 4)
  for (const value of numbers) {
    const special = specialNumberCell(value, cells)
    add(counts, special ?? edges.findLastIndex((e) => (value ?? 0) >= e) + 1)
  }
  return { edges, values: [], tail: [], singletons: 0, counts }
}

/** A cell per distinct finite value. */
export function binNumericByValue(numbers: readonly (number | null)[]): Bins {
  const distinct = new Set(numbers.filter((v) => v !== null && Number.isFinite(v)).map((v) => (v ?? 0) + 0))
  const ascending = [...distinct].sort((a, b) => a - b)
  const values = ascending.map(String)
  const position = new Map(ascending.map((v, i) => [v, i]))
  const cells = specialCells({ kind: 'numeric', edges: [], values })
  const counts = zeros(values.length + 5)
  for (const value of numbers) add(counts, specialNumberCell(value, cells) ?? position.get(value ?? 0) ?? cells.unseen)
  return { edges: [], values, tail: [], singletons: countSingletons(numbers), counts }
}

/** The most frequent texts get cells (ties by code unit order); the rest of the reference is `other`. */
export function binCategorical(
  texts: readonly (string | null)[],
  kind: Exclude<FeatureKind, 'numeric'>,
  topK: number,
  tailMax: number,
): Omit<Bins, 'edges'> {
  const frequency = new Map<string, number>()
  let nulls = 0
  for (const text of texts) {
    if (text === null) nulls++
    else {
      const key = textKey(text)
      frequency.set(key, (frequency.get(key) ?? 0) + 1)
    }
  }
  const singletons = [...frequency.values()].filter((n) => n === 1).length
  if (kind === 'boolean') {
    const counts = [frequency.get('false') ?? 0, frequency.get('true') ?? 0, 0, 0, nulls]
    return { values: ['false', 'true'], tail: [], singletons, counts }
  }
  const ranked = [...frequency].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const rest = ranked.slice(topK)
  const other = rest.reduce((sum, [, n]) => sum + n, 0)
  return {
    values: ranked.slice(0, topK).map(([text]) => text),
    tail: rest.length > tailMax ? null : rest.map(([text]) => text).sort((a, b) => (a < b ? -1 : 1)),
    singletons,
    counts: [...ranked.slice(0, topK).map(([, n]) => n), other, 0, nulls],
  }
}

function specialNumberCell(value: number | null, cells: ReturnType<typeof specialCells>): number | undefined {
  if (value === null) return cells.null
  if (Number.isNaN(value)) return cells.nan
  if (value === Infinity) return cells.plusInfinity
  if (value === -Infinity) return cells.minusInfinity
  return undefined
}

function countSingletons(numbers: readonly (number | null)[]): number {
  const frequency = new Map<number, number>()
  for (const v of numbers) if (v !== null && Number.isFinite(v)) frequency.set(v, (frequency.get(v) ?? 0) + 1)
  let once = 0
  for (const n of frequency.values()) if (n === 1) once++
  return once
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0)
}

function add(counts: number[], cell: number): void {
  counts[cell] = (counts[cell] ?? 0) + 1
}
