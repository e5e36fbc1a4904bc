export type MetricLine = { name: string; value: number | null; serving: number | null; delta: number | null }

/** The metrics of a version beside those of the one that serves, by name; a difference only where both are known. */
export function compareMetrics(
  metrics: Readonly<Record<string, number>>,
  serving: Readonly<Record<string, number>> | null,
): MetricLine[] {
  const names = [...new Set([...Object.keys(metrics), ...Object.keys(serving ?? {})])].sort()
  return names.map((name) => {
    const [value, other] = [metrics[name] ?? null, serving?.[name] ?? null]
    return { name, value, serving: other, delta: value === null || other === null ? null : value - other }
  })
}

/** Decimals that show four significant figures of a number and no more than six. */
export function decimalsFor(...values: readonly (number | null)[]): number {
  const largest = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)))
  if (largest === 0 || values.every((value) => value === null || Number.isInteger(value))) return 0
  return Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(largest))))
}
