import type { listObservations } from '#lib/rollouts/reads.ts'

/** One stored look: what was seen, what was decided, and under which policy. */
export type Observed = Awaited<ReturnType<typeof listObservations>>['items'][number]
