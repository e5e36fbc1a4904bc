import type { z } from 'zod'
import { problem } from './errors.ts'

/** Parses a verb's input. @throws `invalid`, with every wrong field's path and what it must be. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  const first = errors[0]
  const where = first && first.path !== '' ? `${first.path}: ` : ''
  throw problem('invalid', `${where}${first?.message ?? 'not valid'}`, { errors })
}
