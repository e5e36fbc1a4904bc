import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { RolloutPolicyError, judgedStepsCount, parseRolloutPolicy, policyDigest } from './policy.ts'

const folder = new URL('../../policies/rollouts/', import.meta.url)
const guardedText = readFileSync(new URL('guarded-canary.yaml', folder), 'utf8')

type Change = (path: string[], value: unknown) => void

/** The text of guarded-canary with some values replaced. */
function changed(edit: (set: Change) => void): string {
  const document: unknown = parse(guardedText)
  edit((path, value) => {
    let place = document as Record<string, unknown>
    for (const part of path.slice(0, -1)) place = place[part] as Record<string, unknown>
    place[path.at(-1)!] = value
  })
  return stringify(document)
}

const at = (path: string, value: unknown): string => changed((set) => set(path.split('.'), value))

const errors = { name: 'e', of: 'telemetry.errors' }
const latency = { name: 'l', of: 'telemetry.latencyMs' }
const watch = parse(
  '{ name: w, of: quality.accuracy, window: 1h, normal: ">= 0.95", breach: "< 0.9", for: 3, then: page }',
) as Record<string, unknown>

describe('parseRolloutPolicy', () => {
  it('reads every policy that is shipped, each under its own name', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const file of files) {
      expect(`${parseRolloutPolicy(readFileSync(new URL(file, folder), 'utf8')).name}.yaml`).toBe(file)
    }
  })

  it('reads durations as seconds, rules and defaults', () => {
    const policy = parseRolloutPolicy(`
      apiVersion: quarterdeck/v1
      kind: RolloutPolicy
      name: short
      strategy: canary
      steps: [{ weight: 10, judge: { atLeast: 30s, atMost: 2h } }, { weight: 100 }]
      analysis:
        alpha: 0.05
        metrics: [{ name: p95, of: telemetry.latencyMs, quantile: 0.95, notWorseThan: { stable: { ratio: 1.2 } } }]
      after: [{ name: a, of: quality.accuracy, window: 1h, normal: ">= 0.95", breach: "< 0.90", for: 3, then: page }]
    `)
    expect(policy.steps).toEqual([
      { weight: 10, judge: { atLeastSeconds: 30, atMostSeconds: 7200, minRequests: 1 } },
      { weight: 100, judge: null },
    ])
    expect(policy.analysis.metrics[0]).toEqual({
      name: 'p95',
      of: 'telemetry.latencyMs',
      quantile: 0.95,
      critical: false,
      rule: { notWorseThan: { ratio: 1.2 } },
    })
    expect(policy.on).toEqual({
      fail: 'rollback',
      inconclusive: 'hold',
      noData: { holdForSeconds: 900, reaction: 'hold' },
      candidateUnready: { afterSeconds: 300, reaction: 'rollback' },
      approvalRevoked: 'rollback',
      approvalExpired: 'hold',
    })
    expect(policy.after[0]).toMatchObject({
      windowSeconds: 3600,
      normal: { op: '>=', value: 0.95 },
      breach: { op: '<', value: 0.9 },
      windowsInARow: 3,
      reaction: 'page',
      minSamples: 1,
      evenIfUnknown: false,
    })
    expect(policy.limits).toEqual({ cooldownSeconds: 1800, autoRollbacksPerVersion: 1 })
    expect(judgedStepsCount(policy)).toBe(1)
  })

  it.each([
    [at('foo', 1), 'foo: unknown key'],
    [at('steps.0.judge.forever', true), 'steps[0].judge.forever: unknown key'],
    [at('steps.0', { weight: 5, gate: {} }), 'steps[0].gate: is not supported yet'],
    [at('steps.0', { weight: 5, audience: {} }), 'steps[0].audience: is not supported yet'],
    [at('analysis.metrics.0.prometheus', {}), 'analysis.metrics[0].prometheus: is not supported yet'],
    [at('when', 'environment.protected'), 'when: conditions are not supported yet: leave it out'],
    [at('strategy', 'blueGreen'), 'strategy: blueGreen is not supported yet: use canary'],
    [at('apiVersion', 'v2'), 'apiVersion: Invalid input: expected "quarterdeck/v1"'],
    [at('name', 'Guarded Canary'), 'name: must be a name of lower-case letters, digits and hyphens (63 at most)'],
    [
      at('steps.0.judge.atLeast', '10 minutes'),
      'steps[0].judge.atLeast: "10 minutes" is not a duration such as 30s, 10m, 2h or 7d (90d at most)',
    ],
    [at('limits.cooldown', '91d'), 'limits.cooldown: "91d" is not a duration such as 30s, 10m, 2h or 7d (90d at most)'],
    [at('steps.0.judge.atLeast', '5h'), 'steps[0].judge.atLeast: must not be longer than atMost'],
    [at('steps.1.weight', 5), 'steps[1].weight: must be above the one before'],
    [at('steps.1.weight', 101), 'steps[1].weight: Too big: expected number to be <=100'],
    [
      at('steps.3.judge', { atLeast: '1m', atMost: '2m' }),
      'steps[3].judge: stable has no traffic at weight 100, so nothing can be compared: leave it out',
    ],
    [at('steps', [{ weight: 50 }]), 'steps: at least one step must have a judge'],
    [
      at('analysis.warmupSeconds', 3600).replaceAll('4h', '1h'),
      'steps[0].judge.atMost: must be longer than analysis.warmupSeconds',
    ],
    [at('analysis.alpha', 0), 'analysis.alpha: Too small: expected number to be >0'],
    [at('analysis.metrics', []), 'analysis.metrics: Too small: expected array to have >=1 items'],
    [
      at('analysis.metrics.0', { ...errors, of: 'errors', atMost: 0.1 }),
      'analysis.metrics[0].of: "errors" is not a source: use telemetry.errors, telemetry.latencyMs, quality.accuracy or quality.<proportion>',
    ],
    [at('analysis.metrics.0', errors), 'analysis.metrics[0]: give exactly one of notWorseThan, atLeast, atMost'],
    [at('analysis.metrics.0.atMost', 0.1), 'analysis.metrics[0]: give exactly one of notWorseThan, atLeast, atMost'],
    [
      at('analysis.metrics.0', { ...errors, atLeast: 0.9 }),
      'analysis.metrics[0].atLeast: telemetry.errors is better when lower: use atMost',
    ],
    [
      at('analysis.metrics.0', { ...errors, of: 'quality.accuracy', atMost: 0.9 }),
      'analysis.metrics[0].atMost: quality.accuracy is better when higher: use atLeast',
    ],
    [
      at('analysis.metrics.0', { ...errors, notWorseThan: { stable: { ratio: 1.2 } } }),
      'analysis.metrics[0].notWorseThan.stable: ratio is for quantiles: use by',
    ],
    [
      at('analysis.metrics.0', { ...errors, notWorseThan: { stable: { by: 0.1, ratio: 2 } } }),
      'analysis.metrics[0].notWorseThan.stable: must be { by: a number >= 0 } or { ratio: a number >= 1 }',
    ],
    [
      at('analysis.metrics.0', { ...errors, notWorseThan: { stable: { by: 2 } } }),
      'analysis.metrics[0].notWorseThan.stable.by: is a proportion: 1 at most',
    ],
    [at('analysis.metrics.0', { ...errors, atMost: 5 }), 'analysis.metrics[0].atMost: is a proportion: 1 at most'],
    [
      at('analysis.metrics.0', { ...latency, atMost: 100 }),
      'analysis.metrics[0].quantile: is required for telemetry.latencyMs',
    ],
    [
      at('analysis.metrics.0', { ...errors, quantile: 0.5, atMost: 0.1 }),
      'analysis.metrics[0].quantile: does not apply to telemetry.errors',
    ],
    [at('analysis.metrics.1.name', 'error-rate'), 'analysis.metrics[1].name: is used twice'],
    [at('on.fail', 'ignore'), 'on.fail: Invalid option: expected one of "rollback"|"hold"'],
    [at('after.0', { slo: 'availability', burn: 'page' }), 'after[0].slo: is not supported yet'],
    [
      at('after.0', { ...watch, breach: 'below 0.9' }),
      'after[0].breach: "below 0.9" is not a comparison such as ">= 0.95" or "< 500"',
    ],
    [at('after.0', { ...watch, breach: '> 0.9' }), 'after[0].breach: must point the other way than normal'],
    [at('after.0', { ...watch, breach: '< 0.97' }), 'after[0].breach: overlaps with normal: a value would be both'],
    [
      at('after.0', { ...watch, normal: '<= 0.2', breach: '> 0.3' }),
      'after[0].normal: quality.accuracy is better when higher: turn the comparison around',
    ],
    [at('after.0', { ...watch, normal: '>= 95', breach: '< 90' }), 'after[0].normal: is a proportion: 1 at most'],
    [at('after.0', { ...watch, window: '0s' }), 'after[0].window: must be longer than 0s'],
    ['steps: [', 'not YAML: '],
    ['name: a\nname: b', 'not YAML: Map keys must be unique'],
    ['', 'document: Invalid input: expected object, received null'],
    [`# ${'x'.repeat(65_536)}`, 'the text is longer than 65536 characters'],
  ])('refuses a wrong document %#', (text, message) => {
    let problems: string[] = []
    try {
      parseRolloutPolicy(text)
    } catch (error) {
      if (!(error instanceof RolloutPolicyError)) throw error
      problems = error.problems
      expect(error.message).toContain(problems[0])
    }
    if (message.startsWith('not YAML')) expect(problems[0]).toContain(message)
    else expect(problems).toContain(message)
  })
})

describe('policyDigest', () => {
  it('does not depend on comments or layout, and does on every value', () => {
    const digest = policyDigest(parseRolloutPolicy(guardedText))
    expect(policyDigest(parseRolloutPolicy(stringify(parse(guardedText))))).toBe(digest)
    expect(policyDigest(parseRolloutPolicy(at('analysis.alpha', 0.04)))).not.toBe(digest)
    expect(policyDigest(parseRolloutPolicy(at('on.noData.holdFor', '16m')))).not.toBe(digest)
  })
})
