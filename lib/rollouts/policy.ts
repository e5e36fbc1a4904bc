import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { policyDigest as digestOf } from '#lib/platform/policy-digest.ts'
import { rolloutPolicySchema } from './policy-schema.ts'

/** A parsed policy: durations in seconds, defaults filled in, one rule a metric. Plain JSON. */
export type RolloutPolicy = z.output<typeof rolloutPolicySchema>
export type PolicyStep = RolloutPolicy['steps'][number]
export type PolicyMetric = RolloutPolicy['analysis']['metrics'][number]
export type WatchItem = RolloutPolicy['after'][number]

const textLengthMax = 64 * 1024

// Words of the design that this version does not read: the answer is "not yet", not "unknown".
const plannedKeys = new Set(['audience', 'gate', 'prometheus', 'pass', 'mannWhitney', 'slo', 'burn'])

/** The policy file is wrong. `problems` has one line a mistake, each beginning with the path of the value. */
export class RolloutPolicyError extends Error {
  override readonly name = 'RolloutPolicyError'
  readonly problems: string[]

  constructor(problems: string[]) {
    super(`the rollout policy is not valid: ${problems.join('; ')}`)
    this.problems = problems
  }
}

/**
 * Parses the YAML text of a rollout policy (policies/rollouts/*.yaml). Throws RolloutPolicyError, with every mistake and
 * its path, for text that is not YAML, keys that are unknown or not supported yet, and values that contradict each other.
 */
export function parseRolloutPolicy(text: string): RolloutPolicy {
  if (text.length > textLengthMax) throw new RolloutPolicyError([`the text is longer than ${textLengthMax} characters`])
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true })
  const [mistake] = document.errors
  if (mistake !== undefined) throw new RolloutPolicyError([`not YAML: ${mistake.message.split('\n')[0]}`])
  const parsed = rolloutPolicySchema.safeParse(document.toJS({ maxAliasCount: 50 }))
  if (!parsed.success) throw new RolloutPolicyError(parsed.error.issues.flatMap(describe))
  return parsed.data
}

/** The digest by which decisions refer to the policy: over the parsed form, so comments and layout do not matter. */
export function policyDigest(policy: RolloutPolicy): `sha256:${string}` {
  return digestOf(policy)
}

/** How many steps share the policy's alpha. */
export function judgedStepsCount(policy: RolloutPolicy): number {
  return policy.steps.filter((step) => step.judge !== null).length
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = formatPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const at = formatPath([...issue.path, key])
      return `${at}: ${plannedKeys.has(key) ? 'is not supported yet' : 'unknown key'}`
    })
  }
  return [`${path === '' ? 'document' : path}: ${issue.message}`]
}

function formatPath(path: PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}
