import { createReplayControl } from '../replay-control.ts'
import { sendReplay } from '../send-replay.ts'
import { calendar, predictionsPerSecond, sliceMs } from './calendar.ts'
import { storyEvents } from './events.ts'
import { drillAt } from './scenes.ts'
import type { Scene } from './set-up.ts'
import type { Stage } from './stage.ts'

export type Levers = ReturnType<typeof createReplayControl>

/** The levers of the replay, at the story's own rate. */
export function openLevers(): Levers {
  return createReplayControl(predictionsPerSecond)
}

/** Takes over what people want of the replay. */
export function follow(levers: Levers, state: ReturnType<Stage['state']>): void {
  const rate = predictionsPerSecond * state.speed
  if (levers.ratePerSecond !== rate) levers.setRate(rate)
  if (state.removed) levers.stop()
  else if (state.paused && levers.state === 'running') levers.pause()
  else if (!state.paused && levers.state === 'paused') levers.resume()
}

/** Replays the days from where they stand to their end. Resolves when they have ended or the replay was stopped. */
export async function replayStory(stage: Stage, scene: Scene, levers: Levers, dataFolder: string): Promise<void> {
  const { system } = stage
  const { config, clock, log } = system
  const fromMs = stage.state().positionMs ?? Date.parse(calendar.from)
  const events = storyEvents({
    dataFolder,
    fromMs,
    mainId: scene.main.endpointId,
    regionalId: scene.regional.endpointId,
    drill: () => {
      const { drillFromMs, drillToMs } = stage.state()
      return drillFromMs === null ? null : { fromMs: drillFromMs, toMs: drillToMs ?? Number.POSITIVE_INFINITY }
    },
    reserve: async (positionMs) => {
      const drill = drillAt(stage.state(), positionMs - sliceMs, clock.now())
      await stage.advance(drill === stage.state().drill ? { positionMs } : { positionMs, drill })
    },
  })
  const done = await sendReplay({
    events,
    gatewayUrl: `http://127.0.0.1:${config.agentGatewayPort}`,
    endpointId: scene.main.endpointId,
    ingestUrl: `http://127.0.0.1:${config.ingestPort}`,
    ingestKey: scene.ingestKey,
    control: levers,
    // No two runs begin at the same place and send a label, so no two batches of labels have the same id.
    runId: `demo-${stage.workspaceId}-${fromMs}`,
    clock,
  })
  log.info({ done }, 'the replay ended')
  if (done.state === 'finished') {
    const doing = 'The data ends with June 2001: nothing more is replayed. What was found stays.'
    await stage.advance({ finished: true, phase: 'finished', doing, next: '', drill: null })
  }
}
