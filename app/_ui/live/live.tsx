'use client'
import { useRouter } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { LiveIndicator } from './live-indicator.tsx'
import { hear, phaseOf, refreshDelayMs, startLive, type LivePhase, type LiveState } from './machine.ts'
import { joinStream } from './stream.ts'

const tickMs = 1000
const answerWithinMs = 5000

/**
 * The live state of the page, in the top bar. A change on the stream fetches the page again, at most every two seconds,
 * and never under a dialog that asks for a decision (`data-holds-live`), in a hidden tab or while paused: then it waits.
 */
export function Live({ url }: { url: string }) {
  const router = useRouter()
  const state = useRef<LiveState | null>(null)
  const [shown, setShown] = useState<{ phase: LivePhase; silentMs: number | null }>({
    phase: 'connecting',
    silentMs: null,
  })

  useEffect(() => {
    state.current = startLive(performance.now())
    let pending = false
    let lastRefreshMs: number | null = null

    const refresh = async () => {
      const answers = await serverAnswers()
      // Asking takes a while, in which a dialog may have opened.
      if (!answers || state.current?.paused || isHeld()) pending = true
      else if (state.current) router.refresh()
    }
    const look = () => {
      const live = state.current
      if (!live) return
      const nowMs = performance.now()
      const phase = phaseOf(live, nowMs)
      document.documentElement.dataset.live = phase
      setShown({ phase, silentMs: live.lastHeardMs === null ? null : nowMs - live.lastHeardMs })
      if (refreshDelayMs({ pending, held: live.paused || isHeld(), lastRefreshMs, nowMs }) !== 0) return
      pending = false
      lastRefreshMs = nowMs
      void refresh()
    }
    const leave = joinStream(url, (message) => {
      if (!state.current) return
      const wasLost = ['reconnecting', 'stale'].includes(phaseOf(state.current, performance.now()))
      state.current = hear(state.current, message, performance.now())
      // What changed while the stream was away is not told again.
      if (wasLost && (message.kind === 'ping' || message.kind === 'change')) pending = true
      if (message.kind === 'change') pending = true
      look()
    })
    const timer = setInterval(look, tickMs)
    document.addEventListener('visibilitychange', look)
    return () => {
      state.current = null
      leave()
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      delete document.documentElement.dataset.live
    }
  }, [router, url])

  const toggle = () => {
    if (!state.current) return
    state.current = { ...state.current, paused: !state.current.paused }
    setShown((last) => ({ ...last, phase: phaseOf(state.current ?? startLive(0), performance.now()) }))
  }
  return <LiveIndicator phase={shown.phase} silentMs={shown.silentMs} onToggle={toggle} />
}

/** Asked before each refresh: Next.js leaves the page for the browser's own error page when it cannot fetch it again. */
function serverAnswers(): Promise<boolean> {
  return fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(answerWithinMs) }).then(
    (answer) => answer.ok,
    () => false,
  )
}

function isHeld(): boolean {
  return document.hidden || document.querySelector('dialog[open][data-holds-live]') !== null
}
