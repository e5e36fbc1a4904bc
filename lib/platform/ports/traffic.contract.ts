import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TrafficChange, TrafficPort, Weight } from './traffic.ts'

export interface TrafficHarness {
  port: TrafficPort
  /** The same plane through a port of another field manager. */
  otherPort: TrafficPort
  /** Makes the versions of an endpoint able to serve. */
  provision(endpointId: string, versionIds: string[]): Promise<void>
  /** Sends one request through the data plane and answers the version that served it. */
  admit(endpointId: string): Promise<string>
  /** Ends the data plane; the port stays and must answer `unreachable`. */
  stop(): Promise<void>
  /** Ends the data plane in the hardest way it has and starts it again on the same state. */
  restart(): Promise<void>
  close(): Promise<void>
}

const split = (a: number): Weight[] => [
  { versionId: 'v1', percent: a },
  { versionId: 'v2', percent: 100 - a },
]

/** What every adapter of the traffic port must do. The harness is made anew for each test. */
export function trafficContract(name: string, makeHarness: () => Promise<TrafficHarness>): void {
  describe(`traffic port: ${name}`, () => {
    let h: TrafficHarness
    beforeEach(async () => {
      h = await makeHarness()
    })
    afterEach(() => h.close())

    const change = (over: Partial<TrafficChange>): TrafficChange => ({
      endpointId: 'flights',
      weights: split(100),
      expectResourceVersion: null,
      fence: 1,
      manager: 'quarterdeck',
      ...over,
    })
    const begin = async () => {
      await h.provision('flights', ['v1', 'v2'])
      const result = await h.port.write(change({}))
      if (result.kind !== 'applied') throw new Error(`the first write was ${JSON.stringify(result)}`)
      return result
    }

    it('reads an endpoint that was never written as absent', async () => {
      expect(await h.port.read('nothing')).toEqual({ kind: 'absent' })
    })

    it('reads back what was written', async () => {
      const first = await begin()
      const second = await h.port.write(
        change({ weights: split(90), expectResourceVersion: first.resourceVersion, fence: 2 }),
      )
      if (second.kind !== 'applied') throw new Error(JSON.stringify(second))
      expect(second.generation).toBeGreaterThan(first.generation)
      expect(second.resourceVersion).not.toBe(first.resourceVersion)
      expect(await h.port.read('flights')).toMatchObject({
        kind: 'observed',
        generation: second.generation,
        resourceVersion: second.resourceVersion,
        weights: split(90),
        fence: 2,
        breaker: null,
        otherManager: null,
        ackedAt: expect.any(Number),
      })
    })

    it('names another manager who wrote last', async () => {
      const first = await begin()
      const edit = change({ weights: split(80), expectResourceVersion: first.resourceVersion, manager: 'argocd' })
      expect(await h.otherPort.write(edit)).toMatchObject({ kind: 'applied' })
      expect(await h.port.read('flights')).toMatchObject({ otherManager: 'argocd' })
    })

    it('answers a stale resourceVersion with the conflict and what is there', async () => {
      const first = await begin()
      await h.port.write(change({ weights: split(90), expectResourceVersion: first.resourceVersion }))
      const stale = await h.port.write(change({ weights: split(50), expectResourceVersion: first.resourceVersion }))
      expect(stale).toMatchObject({ kind: 'conflict', observed: { kind: 'observed', weights: split(90) } })
      expect(await h.port.read('flights')).toMatchObject({ weights: split(90) })
      expect(await h.port.write(change({ weights: split(50) }))).toMatchObject({ kind: 'conflict' })
    })

    it('answers a write to an endpoint that has gone with a conflict that says absent', async () => {
      await h.provision('flights', ['v1', 'v2'])
      const lost = await h.port.write(change({ expectResourceVersion: 'of another life' }))
      expect(lost).toEqual({ kind: 'conflict', observed: { kind: 'absent' } })
    })

    it('refuses a lower fence, whatever else is right', async () => {
      const first = await begin()
      const second = await h.port.write(
        change({ weights: split(90), expectResourceVersion: first.resourceVersion, fence: 7 }),
      )
      if (second.kind !== 'applied') throw new Error(JSON.stringify(second))
      const late = change({ weights: split(50), expectResourceVersion: second.resourceVersion, fence: 6 })
      expect(await h.port.write(late)).toEqual({ kind: 'stale-fence', fence: 7 })
      expect(await h.port.read('flights')).toMatchObject({ weights: split(90), fence: 7 })
    })

    it('keeps weights, generation and fence over a restart, and still refuses the lower fence', async () => {
      const first = await begin()
      await h.port.write(change({ weights: split(90), expectResourceVersion: first.resourceVersion, fence: 7 }))
      const before = await h.port.read('flights')
      await h.restart()
      const after = await h.port.read('flights')
      if (before.kind !== 'observed' || after.kind !== 'observed') throw new Error('not observed')
      expect({ ...after, ackedAt: 0 }).toEqual({ ...before, ackedAt: 0 })
      const late = change({ weights: split(50), expectResourceVersion: after.resourceVersion, fence: 6 })
      expect(await h.port.write(late)).toEqual({ kind: 'stale-fence', fence: 7 })
    })

    it('removes the traffic for good, and again, and keeps its fence and the order of generations', async () => {
      const first = await begin()
      expect(await h.port.remove('flights', 4)).toEqual({ kind: 'removed' })
      expect(await h.port.read('flights')).toEqual({ kind: 'absent' })
      await expect(h.admit('flights')).rejects.toThrow()
      expect(await h.port.remove('flights', 4)).toEqual({ kind: 'removed' })
      await h.restart()
      expect(await h.port.remove('flights', 3)).toEqual({ kind: 'stale-fence', fence: 4 })
      expect(await h.port.write(change({ fence: 3 }))).toEqual({ kind: 'stale-fence', fence: 4 })
      const again = await h.port.write(change({ fence: 5 }))
      if (again.kind !== 'applied') throw new Error(JSON.stringify(again))
      expect(again.generation).toBeGreaterThan(first.generation)
      expect(again.resourceVersion).not.toBe(first.resourceVersion)
    })

    it('removes nothing for a stale fence, and what is absent without a word', async () => {
      await begin()
      const higher = await h.port.read('flights')
      if (higher.kind !== 'observed') throw new Error('not observed')
      await h.port.write(change({ weights: split(90), expectResourceVersion: higher.resourceVersion, fence: 7 }))
      expect(await h.port.remove('flights', 6)).toEqual({ kind: 'stale-fence', fence: 7 })
      expect(await h.port.read('flights')).toMatchObject({ weights: split(90) })
      expect(await h.port.remove('nothing', 1)).toEqual({ kind: 'removed' })
    })

    it('answers a repeated write as applied, with the same generation', async () => {
      const first = await begin()
      const again = change({ weights: split(90), expectResourceVersion: first.resourceVersion, fence: 2 })
      const applied = await h.port.write(again)
      expect(applied.kind).toBe('applied')
      expect(await h.port.write(again)).toEqual(applied)
    })

    it('answers unreachable, as a value and in bounded time, when nobody is there', { timeout: 15_000 }, async () => {
      const first = await begin()
      await h.stop()
      expect(await h.port.read('flights')).toMatchObject({ kind: 'unreachable' })
      const write = change({ weights: split(90), expectResourceVersion: first.resourceVersion })
      expect(await h.port.write(write)).toMatchObject({ kind: 'unreachable', because: expect.any(String) })
    })

    it.each([
      ['a sum below 100', [{ versionId: 'v1', percent: 99 }]],
      ['a sum above 100', [...split(50), { versionId: 'v3', percent: 1 }]],
      [
        'a fraction',
        [
          { versionId: 'v1', percent: 99.5 },
          { versionId: 'v2', percent: 0.5 },
        ],
      ],
      [
        'a negative weight',
        [
          { versionId: 'v1', percent: 110 },
          { versionId: 'v2', percent: -10 },
        ],
      ],
      [
        'a version named twice',
        [
          { versionId: 'v1', percent: 50 },
          { versionId: 'v1', percent: 50 },
        ],
      ],
      ['no version', []],
    ])('refuses weights with %s', async (_, weights) => {
      const first = await begin()
      const result = await h.port.write(change({ weights, expectResourceVersion: first.resourceVersion }))
      expect(result).toMatchObject({ kind: 'refused', because: expect.stringMatching(/./) })
      expect(await h.port.read('flights')).toMatchObject({ generation: first.generation, weights: split(100) })
    })

    it('splits requests as the weights say', async () => {
      const first = await begin()
      await h.port.write(change({ weights: split(70), expectResourceVersion: first.resourceVersion }))
      const served: string[] = []
      for (let i = 0; i < 100; i++) served.push(await h.admit('flights'))
      expect(served.filter((v) => v === 'v1')).toHaveLength(70)
    })

    it('admits no request to a version of weight 0 after the write was acknowledged, under load', async () => {
      let { resourceVersion } = await begin()
      // What must serve since the last acknowledgement; null while a write is asked for and not yet acknowledged.
      let settled: { versionId: string } | null = null
      const wrong: string[] = []
      let admitted = 0
      let done = false
      const client = async () => {
        while (!done) {
          // A plane in memory answers at once: let the writer have its turn too.
          await new Promise((resolve) => setImmediate(resolve))
          const before = settled
          const served = await h.admit('flights')
          admitted += 1
          // Begun after the acknowledgement, and ended before the next write was asked for.
          if (before && before === settled && served !== before.versionId) wrong.push(served)
        }
      }
      const clients = Array.from({ length: 8 }, client)
      for (let turn = 0; turn < 20; turn++) {
        settled = null
        const weights = split(turn % 2 === 0 ? 0 : 100)
        const result = await h.port.write(change({ weights, expectResourceVersion: resourceVersion }))
        if (result.kind !== 'applied') throw new Error(JSON.stringify(result))
        resourceVersion = result.resourceVersion
        settled = { versionId: turn % 2 === 0 ? 'v2' : 'v1' }
        const goal = admitted + 40
        while (admitted < goal) await new Promise((resolve) => setImmediate(resolve))
      }
      done = true
      await Promise.all(clients)
      expect(wrong).toEqual([])
      expect(admitted).toBeGreaterThanOrEqual(800)
    })

    it('lets exactly one of several concurrent writers win', async () => {
      const first = await begin()
      const writers = [10, 20, 30, 40, 50, 60, 70, 80]
      const results = await Promise.all(
        writers.map((a) =>
          h.port.write(change({ weights: split(a), expectResourceVersion: first.resourceVersion, fence: 2 })),
        ),
      )
      const won = writers.filter((_, i) => results[i]!.kind === 'applied')
      expect(won).toHaveLength(1)
      expect(results.filter((r) => r.kind === 'conflict')).toHaveLength(writers.length - 1)
      expect(await h.port.read('flights')).toMatchObject({ weights: split(won[0]!), generation: first.generation + 1 })
    })
  })
}
