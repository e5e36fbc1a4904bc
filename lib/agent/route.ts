import { bucketOf, schedule, versionOfBucket } from './choose.ts'
import type { Traffic } from './state.ts'

/** One generation of an endpoint's traffic as the gateway uses it; replaced whole, never changed. */
export type Route = {
  traffic: Traffic
  /** The version for a request, given a reader of its headers (lower-case names). */
  choose(header: (name: string) => string | undefined): string
}

/** Compiles the traffic into a chooser. The position in the schedule is the route's only moving part. */
export function compileRoute(endpointId: string, traffic: Traffic): Route {
  const order = schedule(traffic.weights)
  const live = new Set(traffic.weights.filter((w) => w.percent > 0).map((w) => w.versionId))
  const { sticky, audience, stableVersionId } = traffic
  const byKey = (key: string) => versionOfBucket(traffic.weights, stableVersionId, bucketOf(endpointId, key))
  let position = 0
  const inTurn = () => {
    const chosen = order[position] ?? ''
    position = (position + 1) % order.length
    return chosen
  }
  return {
    traffic,
    choose: (header) => {
      if (audience && stableVersionId !== undefined && header(audience.header) !== audience.equals) {
        return stableVersionId
      }
      if (!sticky) return inTurn()
      const key = header('header' in sticky ? sticky.header : sticky.hashOf)
      if (key === undefined || key === '') return inTurn()
      return 'header' in sticky && live.has(key) ? key : byKey(key)
    },
  }
}
