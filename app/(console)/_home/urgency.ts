import type { StatusOf } from '../../_ui/status.tsx'

/** How urgent a thing is, most urgent first: who is waiting, or being hurt, for as long as nobody acts. */
export const urgencies = ['users-hurt', 'machine-waits', 'person-waits', 'look'] as const
export type Urgency = (typeof urgencies)[number]

/** One thing that needs this person now, with the verb on it. */
export type Need = {
  id: string
  urgency: Urgency
  status: StatusOf
  statusWords?: string
  title: string
  because: string
  /** Since when it waits. */
  since: Date
  verb: string
  href: string
}

/** Most urgent first; of equally urgent things the one that has waited longest, then by id so that nothing jumps. */
export function byUrgency(a: Need, b: Need): number {
  return (
    urgencies.indexOf(a.urgency) - urgencies.indexOf(b.urgency) ||
    a.since.getTime() - b.since.getTime() ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}
