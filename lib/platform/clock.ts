import { setTimeout as delay } from 'node:timers/promises'

/** The only source of time. Decisions never see it: they are given `now`. */
export type Clock = {
  /** Wall time. */
  now(): Date
  /** Milliseconds from an arbitrary origin that never step backwards; for durations only. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds, or at once when the signal aborts (never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
    }
  },
}

export type ManualClock = Clock & { advance(ms: number): void; set(at: Date): void }

/**
 * A clock that moves only when told to. `sleep` resolves when the clock has been advanced past its end.
 * For tests and replays.
 */
export function manualClock(start: Date): ManualClock {
  let nowMs = start.getTime()
  let monotonic = 0
  let sleepers: { until: number; wake: () => void }[] = []
  const advance = (ms: number) => {
    nowMs += ms
    monotonic += Math.max(0, ms)
    const due = sleepers.filter((s) => s.until <= monotonic)
    sleepers = sleepers.filter((s) => s.until > monotonic)
    for (const s of due) s.wake()
  }
  return {
    now: () => new Date(nowMs),
    monotonicMs: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve()
        const sleeper = { until: monotonic + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    advance,
    // A step of the wall clock, as an administrator or NTP makes it: monotonic time does not follow.
    set: (at) => {
      nowMs = at.getTime()
    },
  }
}
