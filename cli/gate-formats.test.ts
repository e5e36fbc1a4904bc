import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { gateOutput, type GateVerdict } from './gate-output.ts'

const root = join(import.meta.dirname, '..')
/**
 * The schemas as published: SARIF 2.1.0 rtm.5 (OASIS; taken from npm's `@microsoft/jest-sarif`, MIT) and GitHub's workflows
 * (schemastore.org, Apache-2.0; taken from PyPI's `check-jsonschema`). The first is written in draft 4; what it uses of
 * it means the same in the draft that Ajv reads.
 */
function validator(file: string) {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(readFileSync(join(root, 'tests', 'support', file), 'utf8')) as {
    $schema: string
    id?: string
  }
  return new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true }).compile(schema)
}

describe('what the gate writes for other tools', () => {
  const valid = validator('sarif-2.1.0.golden.json')
  const verdict: GateVerdict = {
    outcome: 'approved',
    reasons: ['Approved: two people.'],
    subject: 'fraud 7.0.0 for production',
    approvalUrl: 'https://quarterdeck.example/approvals/ap_1',
  }

  it.each(['approved', 'refused', 'unknown'] as const)('is SARIF 2.1.0 by its schema: %s', (outcome) => {
    const log: unknown = JSON.parse(gateOutput('sarif', { ...verdict, outcome }))
    expect({ valid: valid(log), errors: valid.errors }).toEqual({ valid: true, errors: null })
  })

  it('would be found wrong by it', () => {
    const log = JSON.parse(gateOutput('sarif', { ...verdict, outcome: 'refused' })) as {
      runs: { results: { level: string }[] }[]
    }
    log.runs[0]!.results[0]!.level = 'fatal'
    expect(valid(log)).toBe(false)
  })
})

describe('the example workflow', () => {
  const valid = validator('github-workflow.golden.json')
  const text = readFileSync(join(root, 'docs', 'examples', 'github-actions-gate.yml'), 'utf8')

  it("is one by the schema of GitHub's workflows", () => {
    expect({ valid: valid(parse(text)), errors: valid.errors }).toEqual({ valid: true, errors: null })
    expect(valid(parse(text.replace('runs-on:', 'run-on:')))).toBe(false)
  })

  it('runs the command that there is, with options that it has', async () => {
    const { Command } = await import('commander')
    const { declareGate } = await import('./gate.ts')
    const program = new Command()
    declareGate(program)
    const known = new Set(program.commands[0]!.options.map((option) => option.long))
    const used = [...new Set(/ gate ([\s\S]*?)\n\s+- /.exec(text)![1]!.match(/--[a-z-]+/g))]
    expect(used.length).toBeGreaterThan(3)
    expect(used.filter((option) => !known.has(option))).toEqual([])
  })
})
