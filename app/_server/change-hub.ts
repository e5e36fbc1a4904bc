import { listenForChanges } from '#lib/platform/notify.ts'
import type { Channel, System } from '#lib/platform/context.ts'
import { processSingleton } from '#lib/platform/globals.ts'

type Hear = (channel: Channel | 'reconnected' | 'lost') => void
type Hub = { hears: Set<Hear>; listening: boolean; isUp: boolean }

/** Open streams of one process at most; a browser opens one for all its tabs. */
export const streamsMax = 500

/**
 * One listening connection for all consoles of this process. Returns how to leave, or undefined when there are too many
 * streams already.
 */
export function hearChanges(system: System, hear: Hear): (() => void) | undefined {
  const hub = changeHub()
  if (hub.hears.size >= streamsMax) return undefined
  hub.hears.add(hear)
  system.metrics.sseClients.set(hub.hears.size)
  if (!hub.listening) {
    hub.listening = true
    const { clock, log, config } = system
    // For the life of the process: it reconnects by itself, and ends with the process.
    listenForChanges({
      url: config.databaseUrl ?? '',
      clock,
      log,
      signal: new AbortController().signal,
      onChange: (channel) => {
        hub.isUp = true
        for (const each of hub.hears) each(channel)
      },
      onLost: () => {
        hub.isUp = false
        for (const each of hub.hears) each('lost')
      },
    }).catch((error: unknown) => {
      hub.listening = false
      hub.isUp = false
      log.error({ err: error }, 'listening for changes ended; the next stream starts it again')
    })
  }
  return () => {
    hub.hears.delete(hear)
    system.metrics.sseClients.set(hub.hears.size)
  }
}

/** Whether changes are heard at all: while they are not, a page that looks live would be stale. */
export function isHearing(): boolean {
  return changeHub().isUp
}

function changeHub(): Hub {
  return processSingleton<Hub>('change-hub', () => ({ hears: new Set(), listening: false, isUp: false }))
}
