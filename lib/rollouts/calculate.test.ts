import { describe, expect, it } from 'vitest'
import { CalculatorInputError } from '#lib/platform/calculator-error.ts'
import { calculateVerdict } from './calculate.ts'
import { judgeProportion } from './verdict.ts'

const input = {
  kind: 'proportion',
  stable: { n: 40_000, k: 200 },
  candidate: { n: 2_000, k: 200 },
  notWorseThan: { by: 0.01 },
  alpha: 0.05,
}

describe('calculateVerdict', () => {
  it('answers as the verdict does, errors being worse when higher', () => {
    const { stable, candidate, notWorseThan, alpha } = input
    expect(calculateVerdict(input)).toEqual(
      judgeProportion({ stable, candidate, notWorseThan, alpha, better: 'lower' }),
    )
    expect(calculateVerdict(input).verdict).toBe('fail')
    expect(calculateVerdict({ ...input, better: 'higher' }).verdict).toBe('pass')
  })

  it('continues without samples, and says why', () => {
    expect(calculateVerdict({ ...input, candidate: { n: 0, k: 0 } })).toMatchObject({
      verdict: 'continue',
      candidate: [0, 1],
      notes: ['candidate has no samples: nothing can be judged'],
    })
  })

  it.each([
    [null, 'input: Invalid input: expected object, received null'],
    [{ ...input, kind: 'mean' }, 'kind: Invalid input: expected "proportion"'],
    [{ ...input, stable: { n: 1, k: 2 } }, 'stable.k: k must not be greater than n'],
    [{ ...input, alpha: 0 }, 'alpha: Too small: expected number to be >0'],
    [{ ...input, alpha: undefined }, 'alpha: Invalid input: expected number, received undefined'],
    [{ ...input, atMost: 0.5 }, 'input: give exactly one of notWorseThan, atLeast, atMost'],
    [{ ...input, notWorseThan: undefined }, 'input: give exactly one of notWorseThan, atLeast, atMost'],
    [{ ...input, extra: 1 }, 'input: Unrecognized key: "extra"'],
  ])('refuses bad input %#', (bad, message) => {
    expect(() => calculateVerdict(bad)).toThrow(new CalculatorInputError(message))
  })
})
