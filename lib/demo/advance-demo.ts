import type { System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { DemoState } from './model.ts'
import { mergeDemo } from './queries.ts'

/** What the process that plays it writes: never what people write (pause, pace, removal). */
export type DemoProgress = Partial<Omit<DemoState, 'paused' | 'speed' | 'removed'>>

/** Stores how far the demonstration has come. Nothing here decides what serves or who may do what. */
export async function advanceDemo(system: System, workspaceId: string, progress: DemoProgress): Promise<void> {
  const now = system.clock.now()
  const stored = await housekeep(system, 'demo', (tx) => mergeDemo(tx, workspaceId, progress, now))
  if (!stored) throw new Error(`there is no demonstration in ${workspaceId}`)
  if (progress.phase !== undefined || progress.drill !== undefined) system.notify(['changes'])
}
