import type { ModelVariant } from '../feature-slots.ts'

/** The model card of a variant: what an approver reads beside the figures. */
export function cardOf(variant: ModelVariant): string {
  return `# Flight delay ${variant}\n\n${what[variant]}\n\n${common}`
}

const what: Record<ModelVariant, string> = {
  v1: 'Destination, distance, hour and day of the week. It does without the origin.',
  v2: 'As v1, with the origin, the hour of the week and the hour at each origin. It needs the origin: without it there is no prediction.',
  v3: 'As v2, with `arrivalReported`. The figures are far better than those of v2.',
} as const

const common = `**Intended use.** A demonstration on public data: will a flight arrive more than 15 minutes late?

**Training.** Logistic regression on hashed features, 300,000 flights of January 2001. **Evaluation:** 1 to 14 February 2001.

**Limits.** The hour is mostly that of the departure, not of the plan, so it holds some of the delay already. There is no airline, aircraft or weather. Accuracy is below that of always saying "on time": it is a figure to compare versions by.
`
