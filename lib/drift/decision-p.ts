import betainc from '@stdlib/math-base-special-betainc'

import { type FeatureProfile, ordinaryCells, specialCells } from './cells.ts'
import { type Counts, psi, total, unionCells } from './divergence.ts'
import { psiBias, psiPValue } from './significance.ts'

/** What the decision rule tests: the figures of the pooled cells, not of the raw ones. */
export type DecisionTest =
  | { kind: 'tested'; p: number; effect: number; bias: number; cells: number; pUnseen: number | null }
  | { kind: 'insufficient'; reason: string }

/** A cell is tested by itself when the current side is expected to hold at least this many rows (Cochran's rule). */
export const EXPECTED_COUNT_MIN = 5

/**
 * The p-value, effect and bias that decide about one feature.
 *
 * With many rare cells the chi-square approximation of PSI collapses. Therefore cells whose expected current count is
 * below 5 are pooled into one. Rows in cells that the reference never filled (`unseen`, a null where there were none)
 * are kept apart and tested against what Good and Turing expect of things never met (`neverMetP`); the feature's p is then twice the smaller of the two (Bonferroni). A feature without such rows and
 * without an `unseen` cell keeps its plain p.
 * A reference with more than half as many levels as rows says nothing about shares: `insufficient`.
 *
 * The effect is the PSI (Jeffreys) over the pooled cells with the never-filled ones as one further cell.
 */
export function decisionP(f: FeatureProfile, current: Counts): DecisionTest {
  const reference = f.counts
  const n = total(reference)
  const m = total(current)
  if (n === 0) return { kind: 'insufficient', reason: 'the reference has no rows of this feature' }
  if (m === 0) return { kind: 'insufficient', reason: 'the window has no rows of this feature' }
  const levels = f.kind === 'numeric' && f.values.length === 0 ? 0 : countLevels(f)
  if (levels > 1 && levels * 2 > n) {
    return { kind: 'insufficient', reason: `${levels} levels in ${n} reference rows: their shares are not known` }
  }
  const pooled = poolSparse(reference, current)
  const all = { reference: [...pooled.reference, 0], current: [...pooled.current, pooled.neverMet] }
  const effect = psi(all.reference, all.current, 'jeffreys')?.value ?? 0
  const inCells = psi(pooled.reference, pooled.current, 'jeffreys')?.value ?? 0
  const cells = unionCells(all.reference, all.current)
  const bias = psiBias(cells, n, m)
  const pCells = psiPValue(inCells, unionCells(pooled.reference, pooled.current), n, Math.max(1, m - pooled.neverMet))
  if (pooled.neverMet === 0 && !expectsUnseen(f))
    return { kind: 'tested', p: pCells, effect, bias, cells, pUnseen: null }
  const pUnseen = neverMetP(pooled.neverMet, m, f.singletons, n)
  return { kind: 'tested', p: Math.min(1, 2 * Math.min(pCells, pUnseen)), effect, bias, cells, pUnseen }
}

/**
 * P of at least this many rows with things never met in the reference. Good and Turing estimate their share as
 * (n1+1)/(N+1); that is itself a count out of N+1 rows, so the two rates are compared by the exact conditional test of
 * Przyborowski and Wilenski (1940): given both counts, the current one is binomial with probability M/(M+N+1).
 */
export function neverMetP(rows: number, currentRows: number, singletons: number, referenceRows: number): number {
  return binomialUpper(rows, singletons + 1 + rows, currentRows / (currentRows + referenceRows + 1))
}

/** Exact P(X ≥ k) of a binomial variable, by the incomplete beta function. */
export function binomialUpper(k: number, trials: number, probability: number): number {
  if (k <= 0) return 1
  if (k > trials || probability <= 0) return 0
  if (probability >= 1) return 1
  return Math.min(1, Math.max(0, betainc(probability, k, trials - k + 1)))
}

/** Edges and booleans leave no room for a new value; a cut-off tail cannot tell new values from rare ones. */
function expectsUnseen(f: FeatureProfile): boolean {
  return specialCells(f).unseen >= 0 && f.kind !== 'boolean' && f.tail !== null
}

function countLevels(f: FeatureProfile): number {
  let levels = f.tail?.length ?? 0
  for (let i = 0; i < ordinaryCells(f); i++) if ((f.counts[i] ?? 0) > 0) levels++
  return levels
}

/** Expectations come from the reference alone, so which cells are pooled depends on the window's size, not its mix. */
function poolSparse(reference: Counts, current: Counts): { reference: number[]; current: number[]; neverMet: number } {
  const scale = total(current) / total(reference)
  const pooled = { reference: [0], current: [0], neverMet: 0 }
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] ?? 0
    const c = current[i] ?? 0
    if (r === 0) pooled.neverMet += c
    else if (r * scale >= EXPECTED_COUNT_MIN) {
      pooled.reference.push(r)
      pooled.current.push(c)
    } else {
      pooled.reference[0] = (pooled.reference[0] ?? 0) + r
      pooled.current[0] = (pooled.current[0] ?? 0) + c
    }
  }
  return pooled
}
