import { backoffMs, type LiveMessage } from './machine.ts'

type Listener = (message: LiveMessage) => void

const name = 'quarterdeck-live'

/**
 * Joins the one event stream that all tabs of this browser share, because HTTP/1.1 allows six connections to a host.
 * Web Locks elect the tab that opens it, a BroadcastChannel carries what it hears, and when that tab goes the next one
 * takes over. Without Web Locks (a page not served securely) the tab opens a stream of its own. Returns how to leave.
 */
export function joinStream(url: string, listener: Listener): () => void {
  const left = new AbortController()
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) {
    openStream(url, listener, left.signal)
    return () => left.abort()
  }
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', (event: MessageEvent<LiveMessage>) => listener(event.data))
  const lead = () =>
    new Promise<void>((resolve) => {
      // The lock may be granted while the page leaves: then it is given on at once.
      if (left.signal.aborted) {
        resolve()
        return
      }
      left.signal.addEventListener('abort', () => resolve(), { once: true })
      const tell: Listener = (message) => {
        // What the stream had said before it was closed may still be delivered, to a channel that is closed by now.
        if (left.signal.aborted) return
        listener(message)
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target
        channel.postMessage(message)
      }
      openStream(url, tell, left.signal)
    })
  navigator.locks.request(name, { signal: left.signal }, lead).catch((error: unknown) => {
    // Leaving while in the queue is how the wait ends; anything else means that there is no stream.
    if (!left.signal.aborted) listener({ kind: 'down' })
    else if (!(error instanceof DOMException)) throw error
  })
  return () => {
    left.abort()
    channel.close()
  }
}

function openStream(url: string, tell: Listener, signal: AbortSignal): void {
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let source: EventSource | undefined
  const open = () => {
    source = new EventSource(url)
    const alive = () => {
      attempt = 0
      tell({ kind: 'ping' })
    }
    source.addEventListener('open', alive)
    source.addEventListener('ping', alive)
    source.addEventListener('stale', () => {
      attempt = 0
      tell({ kind: 'stale' })
    })
    source.addEventListener('change', () => tell({ kind: 'change' }))
    source.addEventListener('error', () => {
      tell({ kind: 'down' })
      // The browser's own attempts never end and cannot be spread, so each stream is closed at its first error.
      source?.close()
      if (!signal.aborted) timer = setTimeout(open, backoffMs(attempt++, jitter()))
    })
  }
  open()
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      source?.close()
    },
    { once: true },
  )
}

function jitter(): number {
  return (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) / 255
}
