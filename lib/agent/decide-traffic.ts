import { isDeepStrictEqual } from 'node:util'
import type { EndpointState, Traffic, Trip } from './state.ts'
import type { TrafficBody } from './wire.ts'

export type TrafficDecision =
  | { kind: 'swap'; next: Traffic }
  | { kind: 'unchanged'; current: Traffic }
  | { kind: 'conflict' }
  | { kind: 'stale-fence'; fence: number }
  | { kind: 'refused'; because: string }

/**
 * Whether a write may become the endpoint's traffic. Order: fence (a stale actor learns nothing but that it is stale),
 * repetition (an acknowledged write whose answer was lost may be sent again), precondition, breaker, servers.
 * `nowMs` is wall time, epoch ms.
 */
export function decideTraffic(state: EndpointState, body: TrafficBody, nowMs: number): TrafficDecision {
  const current = state.traffic
  const { fence = 0 } = current ?? state.removed ?? {}
  if (body.fence < fence) return { kind: 'stale-fence', fence }
  if (current && isRepetition(current, body)) return { kind: 'unchanged', current }
  if ((current?.resourceVersion ?? null) !== body.expectResourceVersion) return { kind: 'conflict' }
  const because = breakerRefusal(current, body) ?? serverRefusal(state, body)
  if (because !== null) return { kind: 'refused', because }
  const generation = ((current ?? state.removed)?.generation ?? 0) + 1
  const { expectResourceVersion: _, clearBreaker, ...asked } = body
  const breaker = clearBreaker === undefined ? (current?.breaker ?? null) : null
  return {
    kind: 'swap',
    next: { ...asked, generation, resourceVersion: `${state.uid}.${generation}`, breaker, ackedAt: nowMs },
  }
}

/** The traffic after the breaker's own act: everything to stable, latched, one generation further. */
export function tripped(state: EndpointState, current: Traffic, trip: Omit<Trip, 'tripId'>): Traffic {
  const generation = current.generation + 1
  const { audience: _, ...kept } = current
  return {
    ...kept,
    generation,
    resourceVersion: `${state.uid}.${generation}`,
    weights: current.weights.map((w) => ({ ...w, percent: w.versionId === current.stableVersionId ? 100 : 0 })),
    breaker: { ...trip, tripId: `${state.uid}.${generation}` },
    ackedAt: trip.trippedAt,
  }
}

function isRepetition(current: Traffic, body: TrafficBody): boolean {
  if (body.clearBreaker !== undefined && current.breaker !== null) return false
  return isDeepStrictEqual(wish(current), wish(body))
}

/** What a write asks for, without how it was made conditional. */
function wish({ weights, fence, sticky, audience, stableVersionId, manager }: TrafficBody | Traffic): unknown[] {
  return [weights, fence, sticky ?? null, audience ?? null, stableVersionId ?? null, manager]
}

function breakerRefusal(current: Traffic | null, body: TrafficBody): string | null {
  const trip = current?.breaker ?? null
  if (body.clearBreaker !== undefined) {
    if (trip === null) return 'there is no trip to clear; leave clearBreaker out'
    if (trip.tripId !== body.clearBreaker) return `the latched trip is ${trip.tripId}, not ${body.clearBreaker}`
    if (current && body.fence <= current.fence) {
      return `clearing a trip needs a fence above ${current.fence}: take the lease anew after having seen the trip`
    }
    return null
  }
  const raises = trip !== null && body.weights.some((w) => w.versionId === trip.versionId && w.percent > 0)
  if (trip === null || !raises) return null
  return `the breaker took ${trip.versionId} out (${trip.because}); send clearBreaker ${trip.tripId} with a higher fence`
}

function serverRefusal(state: EndpointState, body: TrafficBody): string | null {
  const named = body.weights.filter((w) => w.percent > 0).map((w) => w.versionId)
  if (body.stableVersionId !== undefined) {
    if (!body.weights.some((w) => w.versionId === body.stableVersionId)) {
      return `stableVersionId ${body.stableVersionId} is not among the weights; name it there, with 0 if need be`
    }
    named.push(body.stableVersionId)
  }
  const missing = named.find((id) => state.servers[id] === undefined)
  return missing === undefined ? null : `no server of version ${missing} is declared; PUT it under servers/ first`
}
