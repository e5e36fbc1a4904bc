import { z } from 'zod'

const reason = z.string().trim().min(3).max(2000)

/** What is wanted of the demonstration; what is left out stays as it is. */
export const ControlDemoInput = z
  .strictObject({ paused: z.boolean().optional(), speed: z.number().min(0.25).max(4).optional() })
  .refine(({ paused, speed }) => paused !== undefined || speed !== undefined, {
    error: 'must say paused, speed or both',
  })
export type ControlDemoInput = z.input<typeof ControlDemoInput>

export const RemoveDemoInput = z.strictObject({ reason })
export type RemoveDemoInput = z.input<typeof RemoveDemoInput>

const instant = z.iso.datetime()

/** How far the demonstration is and what is wanted of it: one JSON object, of which each writer writes its own keys. */
export const DemoState = z.object({
  /** Written by people. `speed` multiplies the pace of the replay. */
  paused: z.boolean().default(false),
  speed: z.number().min(0.25).max(4).default(1),
  removed: z.object({ at: instant, by: z.string(), reason: z.string() }).nullable().default(null),
  /** Written by the story. `phase` is a name, `doing` and `next` are sentences for pages. */
  phase: z.string().default('preparing'),
  doing: z.string().default('The demonstration is being prepared.'),
  next: z.string().default(''),
  finished: z.boolean().default(false),
  /** Written by the replay: it has sent, or is about to send, every event before this event time (epoch ms). */
  positionMs: z.number().int().nullable().default(null),
  /** The drill that is on, as `lib/platform/drill.ts` reads it; `drillFromMs` and `drillToMs` are event times (epoch ms). */
  drill: z
    .object({ label: z.string().min(1), since: instant })
    .nullable()
    .default(null),
  drillFromMs: z.number().int().nullable().default(null),
  drillToMs: z.number().int().nullable().default(null),
})
export type DemoState = z.output<typeof DemoState>

export type DemoView = {
  workspaceId: string
  phase: string
  doing: string
  next: string
  /** The replayed day, `YYYY-MM-DD`; null before the first. */
  eventDay: string | null
  paused: boolean
  speed: number
  finished: boolean
  drill: { label: string; since: Date } | null
  removed: { at: Date; by: string; reason: string } | null
  updatedAt: Date
}

export type Can = { allowed: true } | { allowed: false; because: string }

const gone: Can = { allowed: false, because: 'the demonstration was removed' }

export const can = {
  control: (demo: Pick<DemoState, 'removed' | 'finished'>): Can => {
    if (demo.removed) return gone
    return demo.finished ? { allowed: false, because: 'its data has ended: there is nothing left to replay' } : yes
  },
  remove: (demo: Pick<DemoState, 'removed'>): Can => (demo.removed ? gone : yes),
}

const yes: Can = { allowed: true }
