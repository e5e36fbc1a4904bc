import { problem } from '#lib/platform/errors.ts'
import type { Clock } from '#lib/platform/clock.ts'

/** The levers of a replay. A stopped replay does not start again. */
export type ReplayControl = {
  readonly state: 'running' | 'paused' | 'stopped'
  readonly ratePerSecond: number
  pause(): void
  resume(): void
  stop(): void
  setRate(ratePerSecond: number): void
  /** Waits until the next event may go: false when the replay was stopped meanwhile. */
  turn(clock: Clock): Promise<boolean>
}

/** Events that may follow each other at once after a delay (a garbage collection, a slow answer), as time. */
const catchUpMs = 50

/** Makes the levers, running, at that rate (events a second of wall time). */
export function createReplayControl(ratePerSecond: number): ReplayControl {
  let rate = checkedRate(ratePerSecond)
  let state: ReplayControl['state'] = 'running'
  let nextMs = Number.NEGATIVE_INFINITY
  let changed = new AbortController()
  const isStopped = () => state === 'stopped'
  const change = (next: ReplayControl['state']) => {
    if (isStopped()) return
    state = next
    wake()
  }
  const wake = () => {
    changed.abort()
    changed = new AbortController()
  }
  return {
    get state() {
      return state
    },
    get ratePerSecond() {
      return rate
    },
    pause: () => change('paused'),
    resume: () => change('running'),
    stop: () => change('stopped'),
    setRate: (value) => {
      rate = checkedRate(value)
      // A long wait at the old, slow rate must not be waited out.
      nextMs = Number.NEGATIVE_INFINITY
      wake()
    },
    turn: async (clock) => {
      while (!isStopped()) {
        const waitMs = nextMs - clock.monotonicMs()
        if (state === 'paused') await aborted(changed.signal)
        else if (waitMs > 1) await clock.sleep(waitMs, changed.signal)
        else {
          nextMs = Math.max(nextMs, clock.monotonicMs() - catchUpMs) + 1000 / rate
          return true
        }
      }
      return false
    },
  }
}

function checkedRate(ratePerSecond: number): number {
  if (!(ratePerSecond > 0 && ratePerSecond <= 100_000))
    throw problem('invalid', 'The rate must be more than 0 and at most 100,000 predictions a second.', {
      ratePerSecond,
    })
  return ratePerSecond
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
