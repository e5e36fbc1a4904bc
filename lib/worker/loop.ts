import type { Clock } from '#lib/platform/clock.ts'
import type { Log } from '#lib/platform/log.ts'
import type { Metrics } from '#lib/platform/metrics.ts'
import { inSpan } from '#lib/platform/span.ts'

/** One level-triggered piece of work: it takes no input, so waking it once too often does no harm. */
export type Reconciler = {
  name: string
  /** Polling is the truth: it runs at least this often. */
  intervalMs: number
  /** One turn; returns how many things it worked on. More than none: it runs again at once. */
  turn(): Promise<number>
}

export type Loop = { wake(): void; stopped: Promise<void> }

const backoffMsMax = 30_000
/** Turns in a row without a pause, so that one busy reconciler cannot starve the event loop. */
const burstMax = 50

/**
 * Runs a reconciler until the signal aborts: on its timer, when woken, and again at once while there is work. A turn that
 * fails is logged and tried again with growing pauses; a turn in progress is always finished.
 */
export function startLoop(
  reconciler: Reconciler,
  deps: { clock: Clock; log: Log; metrics: Metrics; signal: AbortSignal },
): Loop {
  const { clock, log, metrics, signal } = deps
  let awake = new AbortController()
  const run = async () => {
    let failures = 0
    let burst = 0
    while (!signal.aborted) {
      awake = new AbortController()
      const worked = await turnOnce(reconciler, { clock, log, metrics })
      failures = worked === undefined ? failures + 1 : 0
      if (worked !== undefined && worked > 0 && burst < burstMax) {
        burst += 1
        continue
      }
      burst = 0
      const pauseMs = failures > 0 ? Math.min(backoffMsMax, 250 * 2 ** failures) : reconciler.intervalMs
      // A failing reconciler keeps its pause whoever wakes it.
      await clock.sleep(pauseMs, failures > 0 ? signal : AbortSignal.any([signal, awake.signal]))
    }
  }
  return { wake: () => awake.abort(), stopped: run() }
}

async function turnOnce(
  reconciler: Reconciler,
  deps: { clock: Clock; log: Log; metrics: Metrics },
): Promise<number | undefined> {
  const { clock, log, metrics } = deps
  const startMs = clock.monotonicMs()
  let outcome = 'failed'
  try {
    const worked = await inSpan(`reconcile ${reconciler.name}`, {}, () => reconciler.turn())
    outcome = worked > 0 ? 'worked' : 'idle'
    return worked
  } catch (error) {
    log.error({ err: error, reconciler: reconciler.name }, 'a turn failed; it will be tried again')
    return undefined
  } finally {
    metrics.reconcileTurns.inc({ reconciler: reconciler.name, outcome })
    metrics.reconcileSeconds.observe({ reconciler: reconciler.name }, (clock.monotonicMs() - startMs) / 1000)
  }
}
