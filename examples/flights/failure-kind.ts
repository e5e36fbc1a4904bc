/** The code of a network failure, or its name: few and stable, so that they can be counted. */
export function failureKind(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
