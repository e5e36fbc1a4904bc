import { describe, expect, it } from 'vitest'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { admitEvents, type Directory } from './admit.ts'
import { emptyFold, foldEvents } from './fold.ts'

const directory: Directory = {
  endpoint: (id) => (id === 'ep_1' ? { workspaceId: 'ws_1', modelId: 'mo_1' } : undefined),
  version: (id) => (id === 'mv_1' ? { modelId: 'mo_1' } : undefined),
}
const request = (endpoint: string) => ({
  type: 'request' as const,
  time: 1_000,
  endpoint,
  version: 'mv_1',
  generation: 1,
  status: 200,
  latencyMs: 1,
})
const admit = (workspaceId: string, endpoint: string) =>
  admitEvents(
    [{ index: 0, event: request(endpoint) }],
    { workspaceId, endpointId: null, kinds: ['request'] },
    directory,
    1_000,
  )

describe('admitEvents', () => {
  it('takes what a data plane of the installation sends for any workspace, and counts it for that workspace', () => {
    const { admitted, rejected } = admit(rootWorkspaceId, 'ep_1')
    expect(rejected).toEqual([])
    const fold = foldEvents(emptyFold(), { workspaceId: rootWorkspaceId, endpointId: null }, admitted)
    expect([...fold.facts.values()].map((f) => [f.workspaceId, f.requests])).toEqual([['ws_1', 1]])
  })

  it('refuses the endpoint of another workspace to every other key, and an unknown one to all', () => {
    for (const [workspace, endpoint] of [
      ['ws_2', 'ep_1'],
      [rootWorkspaceId, 'ep_2'],
    ] as const) {
      const { admitted, rejected } = admit(workspace, endpoint)
      expect(admitted).toEqual([])
      expect(rejected).toEqual([
        { index: 0, path: 'endpoint', message: `there is no endpoint ${endpoint} in this workspace` },
      ])
    }
  })
})
