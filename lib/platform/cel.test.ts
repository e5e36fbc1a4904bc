import { describe, expect, it } from 'vitest'
import { compileCel } from './cel.ts'
import { isProblem } from './errors.ts'

const variables = ['evidence', 'stable', 'claims']
const run = (expression: string, bindings: Record<string, unknown>) =>
  compileCel(expression, { variables }).evaluate(bindings)

function refusal(expression: string): string {
  try {
    compileCel(expression, { variables })
  } catch (error) {
    if (isProblem(error, 'invalid')) return error.message
    throw error
  }
  throw new Error('it compiled')
}

describe('CEL', () => {
  it('evaluates what policies ask for', () => {
    const bindings = {
      evidence: { metrics: { accuracy: 0.96 }, counts: { critical: 0 }, tools: ['trivy', 'grype'] },
      stable: { metrics: { accuracy: 0.962 } },
      claims: { repository: 'acme/fraud', ref: 'refs/heads/main' },
    }
    expect(run('evidence.metrics.accuracy >= stable.metrics.accuracy - 0.005', bindings)).toEqual({ value: true })
    expect(run('evidence.counts.critical == 0', bindings)).toEqual({ value: true })
    expect(run('claims.repository == "acme/fraud" && claims.ref.startsWith("refs/heads/")', bindings)).toEqual({
      value: true,
    })
    expect(run('evidence.tools.filter(t, t != "grype")', bindings)).toEqual({ value: ['trivy'] })
    expect(run('{"a": 1u}', bindings)).toEqual({ value: { a: 1n } })
  })

  it('says which value was missing, and nothing of those that were asked after', () => {
    const bindings = { evidence: { metrics: { auc: 0.9 } }, stable: null }
    expect(run('evidence.metrics.accuracy > 0.9 && stable.metrics.auc > 0.9', bindings)).toEqual({
      unknown: 'evidence.metrics.accuracy, stable.metrics.auc are missing',
      missing: ['evidence.metrics.accuracy', 'stable.metrics.auc'],
    })
    expect(run('!has(evidence.metrics.accuracy) || evidence.metrics.accuracy > 0.9', bindings)).toEqual({ value: true })
    expect(run('evidence.metrics.auc + "x" == "y"', bindings)).toMatchObject({ missing: [] })
  })

  it('tells the values that it read', () => {
    const program = compileCel('evidence.metrics.auc > stable.metrics.auc', { variables })
    expect(program.references).toEqual(['evidence.metrics.auc', 'stable.metrics.auc'])
    expect(program.values({ evidence: { metrics: { auc: 0.9 } } })).toEqual({
      'evidence.metrics.auc': 0.9,
      'stable.metrics.auc': undefined,
    })
  })

  it.each([
    ['evidence.metrics >= ', /line 1, column/],
    ['evidence ==\n 1 &&& 2', /line 2, column/],
    ['', /line 1, column 1/],
    ['secrets.key == 1', /there is no secrets here: use evidence, stable, claims/],
    ['['.repeat(4000), /not valid/],
    [`evidence == "${'a'.repeat(5000)}"`, /longer than 4096/],
    [`[${Array.from({ length: 201 }, () => '1').join(',')}].size() > 1`, /more than 200 entries/],
    ['claims.l.all(a, claims.l.all(b, claims.l.all(c, c == b && b == a)))', /nested more than 2 deep/],
  ])('refuses %j', (expression, expected) => {
    expect(refusal(expression)).toMatch(expected)
  })

  it('reads own fields only: nothing inherited is a value', () => {
    expect(run('evidence.constructor.name == "Object"', { evidence: {} })).toMatchObject({
      missing: ['evidence.constructor.name'],
    })
  })

  it('matches regular expressions in linear time', () => {
    expect(run('claims.sub.matches("^(a+)+$")', { claims: { sub: `${'a'.repeat(5000)}!` } })).toEqual({ value: false })
  })
})
