import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findQualityTotals } from '#lib/quality/reads.ts'
import { findRequestTotals } from '#lib/telemetry/reads.ts'
import { testSecret, testSystem, type TestSystem } from '../../tests/support/system.ts'
import { makeSetting, send, type Setting } from './testing/setting.ts'

const program = fileURLToPath(new URL('ingest.fixture.ts', import.meta.url))
const at = Date.parse('2026-03-02T08:00:00Z')
const clients = 8
const batchesOfClient = 25
const eventsOfBatch = 20
const kills = 3

type Child = { process: ChildProcessWithoutNullStreams; url: string }

let t: TestSystem
let s: Setting
let child: Child
const children: ChildProcessWithoutNullStreams[] = []

beforeAll(async () => {
  t = await testSystem()
  s = await makeSetting(t)
  child = await startChild()
})
afterAll(async () => {
  for (const each of children) if (each.exitCode === null && each.signalCode === null) each.kill('SIGKILL')
  await t.close()
})

async function startChild(): Promise<Child> {
  const process_ = spawn(process.execPath, [program, t.databaseUrl, testSecret])
  children.push(process_)
  const [line] = (await once(process_.stdout, 'data')) as [Buffer]
  return { process: process_, url: line.toString().trim() }
}

/** Requests, predictions and their labels, so that every table of the transaction is written. */
function batchOf(client: number, batch: number) {
  return Array.from({ length: eventsOfBatch }, (_, i) => {
    const id = `${client}-${batch}-${i >> 1}`
    const names = { endpoint: s.endpoint, version: s.stable, generation: 1 }
    if (i % 4 === 0) return { type: 'prediction', id, time: at, ...names, features: {}, score: 0.9 }
    if (i % 4 === 1) return { type: 'label', predictionId: id, time: at + 60_000, label: true }
    return { type: 'request', time: at + batch * 1000, ...names, status: 200, latencyMs: i }
  })
}

describe('ingest under kill -9', () => {
  it('counts every batch once, however often it was cut off and sent again', async () => {
    let acknowledged = 0
    let cutOff = 0
    let restarting = Promise.resolve()
    const killAt = Array.from({ length: kills }, (_, i) =>
      Math.floor(((i + 1) * clients * batchesOfClient) / (kills + 1)),
    )
    // A killed server has requests of the other clients in every stage: read, waiting, in the transaction, committed.
    const killWhenDue = () => {
      if (acknowledged !== killAt[0]) return
      killAt.shift()
      child.process.kill('SIGKILL')
      restarting = startChild().then((next) => void (child = next))
    }
    const deliver = async (client: number, batch: number) => {
      for (let attempt = 0; attempt < 1000; attempt++) {
        await restarting
        try {
          const headers = { 'x-batch-id': `client-${client}/${batch}` }
          const { status } = await send(child.url, s.key, batchOf(client, batch), headers)
          if (status === 200) return
        } catch {
          cutOff += 1
        }
      }
      throw new Error('a batch was never acknowledged')
    }
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (let batch = 0; batch < batchesOfClient; batch++) {
          await deliver(client, batch)
          acknowledged += 1
          killWhenDue()
        }
      }),
    )
    expect(killAt).toEqual([])
    expect(cutOff).toBeGreaterThan(0)
    const batches = clients * batchesOfClient
    const requests = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    expect(requests.requests).toBe((batches * eventsOfBatch) / 2)
    const quality = await findQualityTotals(t.system.db, { endpointId: s.endpoint, versionId: s.stable })
    expect(quality).toMatchObject({ labelled: (batches * eventsOfBatch) / 4, correct: (batches * eventsOfBatch) / 4 })
  }, 120_000)

  it('finishes what it holds when it is asked to stop', async () => {
    const before = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    const sent = Array.from({ length: 20 }, (_, i) => send(child.url, s.key, batchOf(100, i)))
    // The first answer shows that the others have arrived or are about to.
    await Promise.race(sent)
    child.process.kill('SIGTERM')
    const settled = await Promise.allSettled(sent)
    const [code] =
      child.process.exitCode === null ? ((await once(child.process, 'exit')) as [number]) : [child.process.exitCode]
    expect(code).toBe(0)
    const answered = settled.filter((each) => each.status === 'fulfilled' && each.value.status === 200).length
    const after = await findRequestTotals(t.system.db, { endpointId: s.endpoint })
    expect(after.requests - before.requests).toBe((answered * eventsOfBatch) / 2)
    expect(answered).toBeGreaterThan(0)
  }, 60_000)
})
