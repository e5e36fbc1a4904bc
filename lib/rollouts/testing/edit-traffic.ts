import { memoryTraffic } from '#lib/platform/adapters/memory/traffic.ts'
import type { Story } from './story.ts'

/** Somebody else's hand on the traffic. */
export async function editTraffic({ t, ...story }: Story, candidatePercent: number): Promise<void> {
  const other = memoryTraffic(t.plane, { manager: 'argocd', nowMs: () => t.clock.now().getTime() })
  const held = t.plane.endpoints.get(story.endpointId)
  if (!held) throw new Error('no traffic to edit')
  const weights = [
    { versionId: story.stable, percent: 100 - candidatePercent },
    { versionId: story.candidate, percent: candidatePercent },
  ]
  const { resourceVersion, fence } = held.observed
  const change = { endpointId: story.endpointId, weights, expectResourceVersion: resourceVersion, fence }
  const result = await other.write({ ...change, manager: 'argocd' })
  if (result.kind !== 'applied') throw new Error(`the edit was not applied: ${result.kind}`)
}
