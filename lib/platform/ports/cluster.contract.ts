import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClusterPort, ClusterReading, ServerObservation, ServerSpec } from './cluster.ts'

export interface ClusterHarness {
  port: ClusterPort
  /** A spec that becomes ready; the contract only changes its artefact, environment and fence. */
  spec(endpointId: string, versionId: string): ServerSpec
  /** Ends the version's server as if it had crashed. */
  crash(endpointId: string, versionId: string): Promise<void>
  stop(): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
}

/** What every adapter of the cluster port must do. The harness is made anew for each test. */
export function clusterContract(name: string, makeHarness: () => Promise<ClusterHarness>): void {
  describe(`cluster port: ${name}`, () => {
    let h: ClusterHarness
    beforeEach(async () => {
      h = await makeHarness()
    })
    afterEach(() => h.close())

    /** Observes until the version looks as asked; the test's own time limit is the bound. */
    const until = async (versionId: string, good: (s: ServerObservation) => boolean): Promise<ServerObservation> => {
      for (;;) {
        const seen = await h.port.observe('flights')
        const found = serversOf(seen).find((s) => s.versionId === versionId)
        if (found && good(found)) return found
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const serversOf = (seen: ClusterReading) => (seen.kind === 'observed' ? seen.servers : [])
    const ready = (s: ServerObservation) => s.state === 'ready'

    it('observes nothing as absent', async () => {
      expect(await h.port.observe('nothing')).toEqual({ kind: 'absent' })
    })

    it('applies a server, which becomes ready with the artefact of the spec', async () => {
      const applied = await h.port.apply(h.spec('flights', 'v1'))
      if (applied.kind !== 'applied') throw new Error(JSON.stringify(applied))
      expect(await until('v1', ready)).toMatchObject({
        versionId: 'v1',
        restarts: 0,
        url: expect.any(String),
        artifactDigest: h.spec('flights', 'v1').artifact.digest,
        resourceVersion: applied.resourceVersion,
      })
    })

    it('changes nothing when the same spec is applied again', async () => {
      const first = await h.port.apply(h.spec('flights', 'v1'))
      const before = await until('v1', ready)
      expect(await h.port.apply(h.spec('flights', 'v1'))).toEqual(first)
      expect(await h.port.observe('flights')).toEqual({ kind: 'observed', servers: [before] })
    })

    it('runs the new artefact after a changed spec', async () => {
      const first = await h.port.apply(h.spec('flights', 'v1'))
      await until('v1', ready)
      const artifact = { uri: 'file:///models/other', digest: `sha256:${'b'.repeat(64)}` }
      const second = await h.port.apply({ ...h.spec('flights', 'v1'), artifact, fence: 2 })
      if (first.kind !== 'applied' || second.kind !== 'applied') throw new Error(JSON.stringify(second))
      expect(second.resourceVersion).not.toBe(first.resourceVersion)
      const seen = await until('v1', (s) => ready(s) && s.resourceVersion === second.resourceVersion)
      expect(seen.artifactDigest).toBe(artifact.digest)
    })

    it('keeps versions apart and removes one; removing it again is fine', async () => {
      await h.port.apply(h.spec('flights', 'v1'))
      await h.port.apply(h.spec('flights', 'v2'))
      await until('v1', ready)
      await until('v2', ready)
      expect(await h.port.remove('flights', 'v2', 1)).toEqual({ kind: 'removed' })
      expect(serversOf(await h.port.observe('flights')).map((s) => s.versionId)).toEqual(['v1'])
      expect(await h.port.remove('flights', 'v2', 1)).toEqual({ kind: 'removed' })
    })

    it('refuses a lower fence, also after the server was removed and after a restart', async () => {
      await h.port.apply({ ...h.spec('flights', 'v1'), fence: 5 })
      expect(await h.port.apply({ ...h.spec('flights', 'v1'), fence: 4 })).toEqual({ kind: 'stale-fence', fence: 5 })
      expect(await h.port.remove('flights', 'v1', 4)).toEqual({ kind: 'stale-fence', fence: 5 })
      expect(await h.port.remove('flights', 'v1', 6)).toEqual({ kind: 'removed' })
      await h.restart()
      expect(await h.port.apply({ ...h.spec('flights', 'v1'), fence: 5 })).toEqual({ kind: 'stale-fence', fence: 6 })
      expect(await h.port.observe('flights')).toEqual({ kind: 'absent' })
    })

    it('shows a crash, with how it ended', async () => {
      await h.port.apply(h.spec('flights', 'v1'))
      await until('v1', ready)
      await h.crash('flights', 'v1')
      const seen = await until('v1', (s) => s.lastExit !== null)
      expect(seen.lastExit).toMatchObject({ at: expect.any(Number) })
    })

    it('runs the declared servers again after a restart', async () => {
      await h.port.apply(h.spec('flights', 'v1'))
      await until('v1', ready)
      await h.restart()
      await until('v1', ready)
    })

    it('answers unreachable as a value when nobody is there', async () => {
      await h.port.apply(h.spec('flights', 'v1'))
      await h.stop()
      expect(await h.port.observe('flights')).toMatchObject({ kind: 'unreachable' })
      expect(await h.port.apply(h.spec('flights', 'v2'))).toMatchObject({ kind: 'unreachable' })
      expect(await h.port.remove('flights', 'v1', 9)).toMatchObject({ kind: 'unreachable' })
    })
  })
}
