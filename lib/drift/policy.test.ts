import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { driftPolicyDigest, DriftPolicyError, parseDriftPolicy, ruleFor } from './policy.ts'

const head = 'apiVersion: quarterdeck/v1\nkind: DriftPolicy\nname: a\n'
const shipped = readFileSync(new URL('../../policies/drift/default.yaml', import.meta.url), 'utf8')

describe('parseDriftPolicy', () => {
  it('reads the shipped policy, which says what the defaults are', () => {
    const policy = parseDriftPolicy(shipped)
    expect(policy).toMatchObject({ thresholds: { watch: 0.05, act: 0.1 }, alpha: 0.01, persistence: { k: 3, n: 5 } })
    expect(policy.window).toEqual({ seconds: 3600 })
    expect(parseDriftPolicy(head.replace('name: a', 'name: default'))).toEqual(policy)
  })

  it('has a digest that does not depend on layout or comments', () => {
    const a = parseDriftPolicy(`${head}alpha: 0.02\nminRows: 100\n`)
    const b = parseDriftPolicy(`# why\nminRows: 100\nalpha: 0.020\n${head}`)
    expect(driftPolicyDigest(a)).toBe(driftPolicyDigest(b))
    expect(driftPolicyDigest(a)).not.toBe(driftPolicyDigest(parseDriftPolicy(head)))
  })

  it('applies overrides per feature', () => {
    const policy = parseDriftPolicy(`${head}perFeature:\n  price: { watch: 0.2 }\n  debug: { ignore: true }\n`)
    expect(ruleFor(policy, 'price')).toEqual({ ignore: false, watch: 0.2, act: 0.2, minRows: 300 })
    expect(ruleFor(policy, 'debug').ignore).toBe(true)
    expect(ruleFor(policy, 'toString')).toEqual({ ignore: false, watch: 0.05, act: 0.1, minRows: 300 })
  })

  it.each([
    ['an empty file', '', 'file: '],
    ['broken YAML', 'a: [', 'drift policy: '],
    ['a repeated key', `${head}alpha: 0.01\nalpha: 0.02\n`, 'unique'],
    ['another kind', head.replace('DriftPolicy', 'Other'), 'kind: '],
    ['an unknown key', `${head}treshold: 1\n`, 'treshold'],
    ['watch above act', `${head}thresholds: { watch: 0.3, act: 0.2 }\n`, 'thresholds: watch must not be above act'],
    ['k above n', `${head}persistence: { k: 6, n: 5 }\n`, 'persistence: k must not be above n'],
    ['a wrong window', `${head}window: soon\n`, 'window: must be a length such as 15m'],
    ['a window that is too long', `${head}window: 99d\n`, 'window: '],
    ['a text for a number', `${head}alpha: high\n`, 'alpha: '],
    ['a faulty override', `${head}perFeature:\n  price: { watch: -1 }\n`, 'perFeature.price.watch: '],
  ])('refuses %s and names the path', (_name, text, message) => {
    expect(() => parseDriftPolicy(text)).toThrow(DriftPolicyError)
    expect(() => parseDriftPolicy(text)).toThrow(message)
  })
})
