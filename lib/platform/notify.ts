import pg from 'pg'
import type { Channel } from './context.ts'
import { channels } from './context.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

const channelName = 'quarterdeck'
const coalesceMs = 10
const reconnectMsMax = 10_000

export type Notifier = {
  /** Sends soon, each channel at most once in ten milliseconds, outside of any transaction. Never throws. */
  notify(changed: readonly Channel[]): void
  /** Sends what was asked for at once and resolves when it is sent. */
  flush(): Promise<void>
}

/**
 * NOTIFY inside a transaction takes a cluster-wide lock at commit, so hints are sent after it, coalesced. A lost hint
 * costs a poll interval, nothing else.
 */
export function createNotifier(pool: pg.Pool, clock: Clock, log: Log): Notifier {
  const waiting = new Set<Channel>()
  const inFlight = new Set<Promise<void>>()
  let sending: Promise<void> | undefined
  let hurry = new AbortController()
  const send = async () => {
    await clock.sleep(coalesceMs, hurry.signal)
    const now = [...waiting]
    waiting.clear()
    sending = undefined
    try {
      await pool.query('select pg_notify($1, c) from unnest($2::text[]) as c', [channelName, now])
    } catch (error) {
      log.warn({ err: error }, 'a change hint was not sent: listeners will see it at their next poll')
    }
  }
  return {
    notify(changed) {
      for (const c of changed) waiting.add(c)
      if (waiting.size === 0 || sending) return
      const sent: Promise<void> = send().finally(() => inFlight.delete(sent))
      sending = sent
      inFlight.add(sent)
    },
    async flush() {
      hurry.abort()
      hurry = new AbortController()
      await Promise.all(inFlight)
    },
  }
}

/** A listening connection is asked this often whether it still lives, and given up when it does not answer in this time. */
const probeEveryMs = 5_000
const probeTimeoutMs = 3_000

/**
 * Listens for hints on a connection of its own, and calls back once after every (re)connection as well, because hints sent
 * meanwhile are lost; `onLost` when it goes down. A connection that a network has silently dropped looks open for hours, so
 * it is asked at intervals. Reconnects with growing pauses until the signal aborts.
 */
export async function listenForChanges(options: {
  url: string
  clock: Clock
  log: Log
  signal: AbortSignal
  onChange: (channel: Channel | 'reconnected') => void
  onLost?: () => void
}): Promise<void> {
  const { url, clock, log, signal, onChange, onLost } = options
  let pauseMs = 100
  while (!signal.aborted) {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'quarterdeck-listen',
      keepAlive: true,
      keepAliveInitialDelayMillis: probeEveryMs,
      query_timeout: probeTimeoutMs,
      connectionTimeoutMillis: probeTimeoutMs,
    })
    let probing: NodeJS.Timeout | undefined
    let isUp = false
    try {
      const ended = new Promise<void>((resolve) => {
        client.on('end', () => resolve())
        client.on('error', () => resolve())
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      client.on('notification', (message) => {
        const known = channels.find((c) => c === message.payload)
        if (known) onChange(known)
      })
      await client.connect()
      await client.query(`listen ${channelName}`)
      pauseMs = 100
      isUp = true
      onChange('reconnected')
      const gone = new Promise<void>((resolve) => {
        probing = setInterval(() => {
          client.query('select 1').catch(() => resolve())
        }, probeEveryMs)
      })
      await Promise.race([ended, gone])
    } catch (error) {
      log.warn({ err: error }, 'listening for changes failed; trying again')
    }
    clearInterval(probing)
    if (isUp && !signal.aborted) onLost?.()
    await client.end().catch((error: unknown) => log.debug({ err: error }, 'closing the listening connection failed'))
    if (!signal.aborted) await clock.sleep(pauseMs, signal)
    pauseMs = Math.min(reconnectMsMax, pauseMs * 2)
  }
}
