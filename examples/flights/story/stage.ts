import { findDemo } from '#lib/demo/reads.ts'
import { advanceDemo, type DemoProgress } from '#lib/demo/advance-demo.ts'
import type { DemoState } from '#lib/demo/model.ts'
import { findPersona } from '#lib/members/reads.ts'
import { personaIssuer } from '#lib/platform/actor.ts'
import { newRequestId } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'

/** What every act of the story is given: who plays, where, and how far the replay is. */
export type Stage = {
  system: System
  workspaceId: string
  /** Aborted when the process is told to stop or the demonstration was removed. */
  signal: AbortSignal
  /** As last read: people pause, change the pace and remove. */
  state(): DemoState
  /** Stores progress and takes it over at once. */
  advance(progress: DemoProgress): Promise<void>
  /** Waits so long, longer while paused; at the demonstration's pace unless said otherwise. Throws when the signal aborts. */
  pause(ms: number, pace?: 'wall'): Promise<void>
}

/** The story was told to stop: everything that is done stays done, the next run goes on from there. */
export class Stopped extends Error {
  override name = 'Stopped'
}

const pollMs = 400

/** Opens the stage and keeps its state fresh until the signal aborts. `onState` hears every reading. */
export function openStage(
  system: System,
  workspaceId: string,
  options: { state: DemoState; signal: AbortSignal; onState(state: DemoState): void },
): Stage & { watching: Promise<void> } {
  const { signal, onState } = options
  let state = options.state
  const take = (next: DemoState) => {
    state = next
    onState(next)
  }
  const watch = async () => {
    while (!signal.aborted) {
      await system.clock.sleep(pollMs, signal)
      try {
        const read = await findDemo(system.db, workspaceId)
        if (read) take(read)
      } catch (error) {
        system.log.warn({ err: error }, 'the demonstration cannot read its state; it tries again')
      }
    }
  }
  return {
    system,
    workspaceId,
    signal,
    state: () => state,
    advance: async (progress) => {
      await advanceDemo(system, workspaceId, progress)
      take({ ...state, ...progress })
    },
    pause: async (ms, pace) => {
      let left = ms
      while (left > 0) {
        if (signal.aborted) throw new Stopped('stopped')
        const piece = Math.min(left, 200)
        await system.clock.sleep(piece, signal)
        if (!state.paused) left -= piece * (pace === 'wall' ? 1 : state.speed)
      }
      if (signal.aborted) throw new Stopped('stopped')
    },
    watching: watch(),
  }
}

/**
 * Waits until `check` says something, looking twice a second of wall time, as steps of rollouts are. Throws after `atMostMs`
 * without pauses, and when stopped.
 */
export async function until<T>(
  stage: Stage,
  what: string,
  check: () => Promise<T | undefined | false>,
  atMostMs: number,
): Promise<T> {
  for (let waitedMs = 0; waitedMs < atMostMs; waitedMs += 500) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    await stage.pause(500, 'wall')
  }
  throw new Error(`the story waited in vain: ${what}`)
}

/** The context in which a persona acts: the same verbs, rights and audit entries as if they had clicked. */
export async function as(stage: Pick<Stage, 'system' | 'workspaceId'>, subject: string): Promise<Ctx> {
  const { system, workspaceId } = stage
  const identity = await findPersona(system, subject)
  if (!identity) throw new Error(`the persona ${subject} has no role yet`)
  const actor = { issuer: personaIssuer, subject, kind: 'person' as const, name: identity.name, via: 'start' as const }
  return { ...system, actor, actorId: identity.id, workspaceId, requestId: newRequestId(system) }
}
