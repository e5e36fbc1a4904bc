import { z } from 'zod'
import { CalculatorInputError } from '#lib/platform/calculator-error.ts'
import { judgeProportion } from './verdict.ts'
import type { ProportionJudgement, ProportionRule, Verdict } from './verdict.ts'

const countsSchema = z
  .strictObject({ n: z.int().min(0).max(1e9), k: z.int().min(0) })
  .refine(({ n, k }) => k <= n, { message: 'k must not be greater than n', path: ['k'] })

const inputSchema = z.strictObject({
  kind: z.literal('proportion'),
  stable: countsSchema,
  candidate: countsSchema,
  notWorseThan: z.strictObject({ by: z.number().min(0).max(1) }).optional(),
  atLeast: z.number().min(0).max(1).optional(),
  atMost: z.number().min(0).max(1).optional(),
  alpha: z.number().gt(0).lt(1),
  better: z.enum(['lower', 'higher']).default('lower'),
})

export type VerdictAnswer = Omit<ProportionJudgement, 'verdict'> & {
  verdict: Exclude<Verdict, 'noData'>
  notes?: string[]
}

/**
 * `quarterdeck calc verdict`: the sequential verdict on a proportion from counts. `k` counts what `better` (default
 * "lower": errors) says of it. A side without samples answers `continue` and says so in `notes`.
 * Throws CalculatorInputError for input of another shape.
 */
export function calculateVerdict(input: unknown): VerdictAnswer {
  const parsed = inputSchema.safeParse(input)
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    throw new CalculatorInputError(lines.join('; '))
  }
  const { stable, candidate, alpha, better } = parsed.data
  const { verdict, ...shown } = judgeProportion({ stable, candidate, alpha, better, ...ruleOf(parsed.data) })
  if (verdict !== 'noData') return { verdict, ...shown }
  const empty = [stable.n === 0 ? 'stable' : '', candidate.n === 0 ? 'candidate' : ''].filter((side) => side !== '')
  return { verdict: 'continue', ...shown, notes: empty.map((side) => `${side} has no samples: nothing can be judged`) }
}

function ruleOf({ notWorseThan, atLeast, atMost }: z.infer<typeof inputSchema>): ProportionRule {
  const rules: ProportionRule[] = []
  if (notWorseThan !== undefined) rules.push({ notWorseThan })
  if (atLeast !== undefined) rules.push({ atLeast })
  if (atMost !== undefined) rules.push({ atMost })
  const [rule] = rules
  if (rule === undefined || rules.length > 1) {
    throw new CalculatorInputError('input: give exactly one of notWorseThan, atLeast, atMost')
  }
  return rule
}
