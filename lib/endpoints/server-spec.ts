import type { ServerSpec } from '#lib/platform/ports/cluster.ts'
import type { TrafficChange, Weight } from '#lib/platform/ports/traffic.ts'
import { fieldManager, type Template } from './model.ts'

/** The request header by whose hash a caller keeps its side of a split. */
export const stickyHeader = 'x-quarterdeck-key'

/** The server of one version at an endpoint, as the cluster port takes it. */
export function serverSpec(
  endpoint: { id: string; template: Template },
  version: { id: string; digest: string; artifactUri: string },
  fence: number,
): ServerSpec {
  const artifact = { uri: version.artifactUri, digest: version.digest }
  return { endpointId: endpoint.id, versionId: version.id, template: endpoint.template, artifact, fence }
}

/** A change of an endpoint's weights, as the traffic port takes it. */
export function trafficChange(
  endpointId: string,
  weights: Weight[],
  options: {
    stableVersionId: string
    expectResourceVersion: string | null
    fence: number
    clearBreaker?: string | undefined
  },
): TrafficChange {
  return { endpointId, weights, sticky: { hashOf: stickyHeader }, manager: fieldManager, ...options }
}

/** The same split, whatever the order and whether versions without weight are listed. */
export function sameWeights(a: readonly Weight[], b: readonly Weight[]): boolean {
  const text = (ws: readonly Weight[]) =>
    ws
      .filter((w) => w.percent > 0)
      .map((w) => `${w.versionId}=${w.percent}`)
      .sort()
      .join(' ')
  return text(a) === text(b)
}
