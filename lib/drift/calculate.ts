import { z } from 'zod'

import { adjustPValues } from './adjust.ts'
import {
  hellinger,
  jsDistance,
  jsDistanceBase2,
  klDivergence,
  psi,
  total,
  totalVariation,
  unionCells,
} from './divergence.ts'
import { type ChiSquareTest, chiSquareHomogeneity, psiBias, psiCritical, psiPValue } from './significance.ts'

/** Input that a calculator cannot answer; the message names the path and what was expected. */
export class CalculatorInputError extends Error {
  override readonly name = 'CalculatorInputError'
}

export type DriftCalculation = {
  psi: number | null
  klReferenceCurrent: number | null
  klCurrentReference: number | null
  jsDistance: number | null
  jsDistanceBase2: number | null
  hellinger: number | null
  totalVariation: number | null
  chi2: ChiSquareTest | null
  psiP: number | null
  psiCritical05: number | null
  psiBias: number | null
  contributions: (number | null)[]
  /** One sentence for every figure that is null because it is infinite or undefined. */
  notes: string[]
}

/**
 * All drift figures of two count vectors: `{"reference":[…],"current":[…],"smoothing":"jeffreys"|"none"}`.
 * Smoothing (default jeffreys) concerns PSI and KL; JS, Hellinger, total variation and chi-square use raw counts.
 * Throws `CalculatorInputError` on input that does not fit.
 */
export function calculateDrift(input: unknown): DriftCalculation {
  const { reference, current, smoothing } = parse(driftSchema, input)
  const notes: string[] = []
  const finite = (name: string, value: number | null) => {
    if (value !== null && Number.isFinite(value)) return value
    if (value !== null) notes.push(`${name} is infinite: a cell is empty on one side and smoothing is none`)
    return null
  }
  const n = total(reference)
  const m = total(current)
  const cells = unionCells(reference, current)
  const sides = [n === 0 ? 'reference' : null, m === 0 ? 'current' : null].filter((side) => side !== null)
  if (sides.length > 0) notes.push(`every figure is undefined: ${sides.join(' and ')} has no rows`)
  const index = psi(reference, current, smoothing)
  const psiValue = finite('psi', index?.value ?? null)
  const parts = index === null ? reference.map(() => null) : index.contributions
  const defined = n > 0 && m > 0
  if (index !== null && psiValue === null) notes.push('psiP is undefined: psi is infinite')
  return {
    psi: psiValue,
    klReferenceCurrent: finite('klReferenceCurrent', klDivergence(reference, current, smoothing)),
    klCurrentReference: finite('klCurrentReference', klDivergence(current, reference, smoothing)),
    jsDistance: jsDistance(reference, current),
    jsDistanceBase2: jsDistanceBase2(reference, current),
    hellinger: hellinger(reference, current),
    totalVariation: totalVariation(reference, current),
    chi2: chiSquareHomogeneity(reference, current),
    psiP: psiValue === null ? null : psiPValue(psiValue, cells, n, m),
    psiCritical05: defined ? psiCritical(0.05, cells, n, m) : null,
    psiBias: defined ? psiBias(cells, n, m) : null,
    contributions: parts.map((part, i) => finite(`contributions[${i}]`, part)),
    notes,
  }
}

/** Adjusted p-values: `{"p":[…],"method":"bh"|"by"|"bonferroni"}`. Throws `CalculatorInputError`. */
export function calculateAdjust(input: unknown): { adjusted: number[] } {
  const { p, method } = parse(adjustSchema, input)
  return { adjusted: adjustPValues(p, method) }
}

const CELLS_MAX = 100_000

/** Bounded so that the sum of a vector is an exact integer: 1e5 cells × 9e10 is below 2^53. */
const counts = z.array(z.number().int().min(0).max(90_000_000_000)).min(1).max(CELLS_MAX)

const driftSchema = z
  .strictObject({ reference: counts, current: counts, smoothing: z.enum(['jeffreys', 'none']).default('jeffreys') })
  .refine((v) => v.reference.length === v.current.length, {
    path: ['current'],
    message: 'must have as many counts as reference',
  })

const adjustSchema = z.strictObject({
  p: z.array(z.number().min(0).max(1)).max(CELLS_MAX),
  method: z.enum(['bh', 'by', 'bonferroni']),
})

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.length > 0 ? issue.path.join('.') : 'input'
    return `${path}: ${issue.message}`
  })
  throw new CalculatorInputError(faults.join('; '))
}
