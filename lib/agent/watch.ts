import type { Clock } from '#lib/platform/clock.ts'
import type { EndpointView } from './endpoint.ts'

export type WatchLine =
  | { type: 'state'; sequence: number; time: number; endpoints: EndpointView[] }
  | { type: 'change'; sequence: number; time: number; endpoint: EndpointView }
  | { type: 'heartbeat'; sequence: number; time: number }

export type Watch = {
  /** Something of this endpoint changed. */
  changed(endpointId: string): void
  heartbeat(): void
  /** A stream that begins with the whole state; null when as many watch already as may. */
  stream(): ReadableStream<Uint8Array> | null
  stop(): void
}

const watchersMax = 32
/** A watcher that leaves more than this unread is cut off; it comes again and begins with the whole state. */
const unreadLinesMax = 1000

/** Tells watchers of each change, with a sequence that rises by one a line, so that a gap shows. */
export function openWatch(
  clock: Clock,
  views: () => EndpointView[],
  viewOf: (endpointId: string) => EndpointView | null,
): Watch {
  const watchers = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const encoder = new TextEncoder()
  let sequence = 0
  const encode = (line: WatchLine) => encoder.encode(`${JSON.stringify(line)}\n`)
  const now = () => clock.now().getTime()
  const send = (line: WatchLine) => {
    const bytes = encode(line)
    for (const watcher of watchers) {
      watcher.enqueue(bytes)
      if ((watcher.desiredSize ?? 0) < -unreadLinesMax) {
        watchers.delete(watcher)
        watcher.error(new Error('the watcher reads too slowly'))
      }
    }
  }
  return {
    changed: (endpointId) => {
      sequence += 1
      const endpoint = viewOf(endpointId)
      if (endpoint) send({ type: 'change', sequence, time: now(), endpoint })
    },
    heartbeat: () => {
      sequence += 1
      send({ type: 'heartbeat', sequence, time: now() })
    },
    stream: () => {
      if (watchers.size >= watchersMax) return null
      let mine: ReadableStreamDefaultController<Uint8Array>
      return new ReadableStream<Uint8Array>({
        start: (controller) => {
          mine = controller
          watchers.add(controller)
          controller.enqueue(encode({ type: 'state', sequence, time: now(), endpoints: views() }))
        },
        cancel: () => void watchers.delete(mine),
      })
    },
    stop: () => {
      for (const watcher of watchers) watcher.close()
      watchers.clear()
    },
  }
}
