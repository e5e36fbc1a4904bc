'use client'
import { useEffect, useState } from 'react'
import { formatAgo, formatInstant } from './format.ts'
import type { AgoProps } from './time.tsx'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** Like `Ago`, but it goes on counting. All of a page share one timer; the server's clock is the base, not the browser's. */
export function TickingAgo({ atMs, nowMs, timeZone = 'UTC' }: AgoProps) {
  const [passedMs, setPassedMs] = useState(0)
  useEffect(() => {
    const from = performance.now()
    const tick = () => setPassedMs(performance.now() - from)
    tick()
    return everySecond(tick)
  }, [nowMs])
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
