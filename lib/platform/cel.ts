import { celEnv, isCelError, isCelList, isCelMap, isCelUint, parse, plan, type CelInput } from '@bufbuild/cel'
import { problem } from './errors.ts'
import { referencesOf, type Reference } from './cel-references.ts'

/** What an expression came to, or why it came to nothing. `unknown` is a sentence; `missing` names the values that were not there. */
export type CelOutcome = { value: unknown } | { unknown: string; missing: string[] }

export type CelProgram = {
  readonly source: string
  /** The values that the expression reads, as dotted paths from its variables: `evidence.metrics.auc`. */
  readonly references: readonly string[]
  /** Never throws. Numbers are CEL doubles; bigints are CEL ints. Lists, maps and integers come back as plain values. */
  evaluate(bindings: Readonly<Record<string, unknown>>): CelOutcome
  /** The value of each reference now, for whoever wants to see what was judged; `undefined` where there is none. */
  values(bindings: Readonly<Record<string, unknown>>): Record<string, unknown>
}

const lengthMax = 4096
const env = celEnv()

/**
 * Compiles an expression of the Common Expression Language (cel.dev, the specification's version 0.25 as `@bufbuild/cel`
 * implements it). Expressions are total and do no I/O: at most 4 KiB, comprehensions nested at most twice over literal
 * lists of at most 200 entries, regular expressions by RE2.
 * @throws `invalid` with line and column of a syntax error, or with the name of an undeclared variable
 */
export function compileCel(expression: string, options: { variables: readonly string[] }): CelProgram {
  if (expression.length > lengthMax) throw notCompiled(expression, `it is longer than ${lengthMax} characters`)
  const tree = parsed(expression)
  const { references, undeclared, tooDeep } = referencesOf(tree, options.variables)
  const unknownName = undeclared[0]
  if (unknownName !== undefined)
    throw notCompiled(expression, `there is no ${unknownName} here: use ${options.variables.join(', ')}`)
  if (tooDeep !== undefined) throw notCompiled(expression, tooDeep)
  const run = plan(env, tree)
  const dotted = [...new Set(references.map((r) => r.path.join('.')))]
  return {
    source: expression,
    references: dotted,
    evaluate: (bindings) => {
      const result = run(bindings as Record<string, CelInput>)
      if (!isCelError(result)) return { value: toPlain(result) }
      const missing = [...new Set(references.filter((r) => lookUp(bindings, r) === undefined).map(nameOf))]
      return { unknown: whyUnknown(missing, result.message), missing }
    },
    values: (bindings) =>
      Object.fromEntries(references.map((r) => [r.path.join('.'), lookUp(bindings, r)])) as Record<string, unknown>,
  }
}

function parsed(expression: string) {
  try {
    return parse(expression).expr
  } catch (cause) {
    throw notCompiled(expression, whereOf(cause), cause)
  }
}

// The parser's own error type is not exported: its shape is read, and anything else (a stack too deep) is told plainly.
function whereOf(cause: unknown): string {
  const { location, rawMessage } = cause as {
    location?: { start?: { line: number; column: number } }
    rawMessage?: string
  }
  const start = location?.start
  if (!start) return 'it cannot be read as CEL'
  return `line ${start.line}, column ${start.column}${rawMessage ? `: ${rawMessage}` : ''}`
}

function notCompiled(expression: string, why: string, cause?: unknown) {
  return problem('invalid', `the expression is not valid: ${why}`, { expression: expression.slice(0, 200) }, { cause })
}

function whyUnknown(missing: readonly string[], message: string): string {
  if (missing.length === 0) return `it cannot be evaluated: ${message}`
  return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`
}

function nameOf(reference: Reference): string {
  return reference.path.join('.')
}

function lookUp(bindings: Readonly<Record<string, unknown>>, reference: Reference): unknown {
  let at: unknown = bindings
  for (const step of reference.path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string, unknown>)[step]
  }
  return at
}

function toPlain(value: unknown): unknown {
  if (isCelList(value)) return [...value].map(toPlain)
  if (isCelMap(value)) return Object.fromEntries([...value.entries()].map(([k, v]) => [keyOf(k), toPlain(v)]))
  if (isCelUint(value)) return value.value
  return value
}

function keyOf(key: unknown): string {
  return typeof key === 'string' ? key : String(isCelUint(key) ? key.value : (key as bigint | boolean))
}
