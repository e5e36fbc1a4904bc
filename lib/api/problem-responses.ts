import type { RouteConfig } from '@hono/zod-openapi'
import { errorCodes, type ErrorCode } from '#lib/platform/errors.ts'
import { Problem } from './schemas.ts'

/** The answers of the document for these codes: one a status, with the codes that it can carry. */
export function problemResponses(codes: readonly ErrorCode[]): RouteConfig['responses'] {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = errorCodes[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const problems = [...byStatus].map(([status, of]) => [
    status,
    {
      description: of.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: Problem } },
    },
  ])
  return Object.fromEntries(problems) as RouteConfig['responses']
}
