'use client'
import { useEffect } from 'react'

const wanted = new Map<symbol, readonly string[]>()

/** Tells the live stream what this page shows, e.g. `['rollouts:ro_…', 'incidents']`; without it, any change refreshes it. */
export function LiveTopics({ topics }: { topics: readonly string[] }) {
  const key = topics.join('\n')
  useEffect(() => {
    const id = Symbol('topics')
    wanted.set(id, key.split('\n'))
    return () => {
      wanted.delete(id)
    }
  }, [key])
  return null
}

/** Everything that the mounted pages show; empty means all. */
export function wantedTopics(): readonly string[] {
  return [...wanted.values()].flat()
}
