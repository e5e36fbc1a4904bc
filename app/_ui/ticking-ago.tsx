'use client'
import { useEffect, useState } from 'react'
import { formatAgo, formatInstant } from './format.ts'
import type { AgoProps } from './time.tsx'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** Like `Ago`, but it goes on counting. All of a page share one timer; the server's clock is the base, not the browser's. */
export function TickingAgo({ atMs, nowMs, timeZone = 'UTC' }: AgoProps) {
  // What has passed belongs to the server's time it was counted from; after a refresh it starts again at nothing.
  const [passed, setPassed] = useState({ nowMs, ms: 0 })
  useEffect(() => {
    const from = performance.now()
    return everySecond(() => setPassed({ nowMs, ms: performance.now() - from }))
  }, [nowMs])
  const passedMs = passed.nowMs === nowMs ? passed.ms : 0
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatInstant(atMs, timeZone)}>
      {formatAgo(atMs, nowMs + passedMs)}
    </time>
  )
}

function everySecond(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
