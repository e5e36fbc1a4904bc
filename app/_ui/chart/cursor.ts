'use client'
import { useSyncExternalStore } from 'react'

let atMs: number | null = null
const listeners = new Set<() => void>()

/** Moves the one cursor of the page, an instant, so that charts with different steps show the same moment. */
export function setCursor(next: number | null): void {
  if (next === atMs) return
  atMs = next
  for (const listener of listeners) listener()
}

export function useCursor(): number | null {
  return useSyncExternalStore(
    subscribe,
    () => atMs,
    () => null,
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
