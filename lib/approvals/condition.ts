import { compileCel, type CelProgram } from '#lib/platform/cel.ts'

/** What a policy's `when` may ask about. */
export const whenVariables = ['environment', 'model', 'version'] as const
/** What an evidence check may ask about: the piece that is judged, and the same kind of the version that serves. */
export const requireVariables = ['evidence', 'stable', 'model', 'environment'] as const

const compiledMax = 500
const compiled = new Map<string, CelProgram>()

/** A condition of a policy, compiled once a process: stored policies are judged again and again. @throws `invalid` */
export function condition(expression: string, variables: readonly string[]): CelProgram {
  const key = `${variables.join(' ')}\n${expression}`
  const known = compiled.get(key)
  if (known) return known
  const program = compileCel(expression, { variables })
  if (compiled.size >= compiledMax) compiled.clear()
  compiled.set(key, program)
  return program
}
