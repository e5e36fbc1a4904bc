import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSloPolicy } from './policy.ts'

const text = readFileSync('policies/slos/default.yaml', 'utf8')

describe('parseSloPolicy', () => {
  it('reads the default policy: the windows of the SRE workbook', () => {
    const { policy, digest } = parseSloPolicy(text, 'default.yaml')
    expect(policy.alerts.map((a) => [a.severity, a.budgetPercent, a.long, a.short])).toEqual([
      ['page', 2, 3600, 300],
      ['page', 5, 21_600, 1800],
      ['ticket', 10, 86_400, 7200],
      ['ticket', 10, 259_200, 21_600],
    ])
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(parseSloPolicy(`# a comment\n${text}`, 'x.yaml').digest).toBe(digest)
  })

  it.each([
    ['target: 0.999', 'target: 1', 'objectives.0.target'],
    ['window: 30d', 'window: 1mo', 'objectives.0.window'],
    ['window: 30d', 'window: 15s', 'multiple of 10s'],
    ['long: 1h, short: 5m', 'long: 5m, short: 1h', 'alerts.0.short'],
    ['long: 3d', 'long: 60d', 'must not be longer than the objectives'],
    ['name: latency', 'name: availability', 'names must be different'],
    ['thresholdMs: 250, ', '', 'objectives.1.thresholdMs'],
    ['minimumEvents: 100', 'minimumEvent: 100', 'minimumEvent'],
    ['kind: SloPolicy', 'kind: [', 'not YAML'],
  ])('refuses %s → %s and names it', (from, to, says) => {
    expect(text).toContain(from)
    expect(() => parseSloPolicy(text.replace(from, to), 'x.yaml')).toThrow(says)
  })
})
