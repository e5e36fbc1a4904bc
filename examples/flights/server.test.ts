import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestFolder } from '#lib/platform/artifact-digest.ts'
import { makeFlightTable, writeFlights } from './flight-table.ts'
import { spawnModelServer } from './measure-server.ts'
import { loadModel, predictFlight } from './model-file.ts'
import { trainModel, type TrainedModel } from './train.ts'

const good = { distance: 733, origin: 'ORD', destination: 'LGA', hour: 18, dayOfWeek: 5 }
const body = (features: unknown) => JSON.stringify({ features })

/** Two days of invented flights: these tests are about the server, not about what it predicts. */
async function trainOnInvented(folder: string): Promise<TrainedModel> {
  const table = makeFlightTable(2_000, ['LGA', 'ORD'])
  for (let row = 0; row < table.rowCount; row++) {
    table.minute[row] = Math.floor((row * 2880) / table.rowCount)
    table.hour[row] = Math.floor((table.minute[row]! % 1440) / 60)
    table.dayOfWeek[row] = 1 + Math.floor(table.minute[row]! / 1440)
    table.origin[row] = row % 2
    table.distance[row] = 733
    table.delay[row] = row % 5 === 0 ? 40 : -5
  }
  await writeFlights(folder, table, { dataset: 'invented', sourceSha256: '', formatVersion: 0 })
  const days = { train: { from: '2001-01-01', to: '2001-01-01' }, evaluate: { from: '2001-01-02', to: '2001-01-02' } }
  return trainModel({ variant: 'v3', dataFolder: folder, outFolder: join(folder, 'artifact'), ...days })
}

describe('the model server process', () => {
  let folder = ''
  let trained: TrainedModel
  let server: Awaited<ReturnType<typeof spawnModelServer>>
  const post = async (text: string, path = '/predict', method: 'POST' | 'GET' | 'PUT' = 'POST') => {
    const { statusCode, headers, body } = await request(`${server.url}${path}`, {
      method,
      body: method === 'GET' ? null : text,
    })
    return { statusCode, headers, answer: (await body.json()) as Record<string, unknown> }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-server-'))
    trained = await trainOnInvented(folder)
    server = await spawnModelServer(trained)
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('says what it serves', async () => {
    const { statusCode, answer } = await post('', '/healthz', 'GET')
    expect(statusCode).toBe(200)
    expect(answer).toEqual({ status: 'ok', variant: 'v3', digest: trained.digest })
  })

  it('predicts as the artefact does, nulls and the leak included, and says what CPU it took', async () => {
    const model = await loadModel(trained.folder)
    const nulls = { ...good, distance: null, destination: null }
    for (const features of [good, nulls, { ...good, origin: 'XYZ' }, { ...good, arrivalReported: true }]) {
      const { statusCode, headers, answer } = await post(body(features))
      expect(statusCode).toBe(200)
      expect(answer).toEqual(predictFlight(model, features))
      expect(headers['x-cpu-seconds']).toMatch(/^\d+\.\d{6}$/)
    }
  })

  it('fails without the origin, which this model needs, and goes on', async () => {
    const { statusCode, answer } = await post(body({ ...good, origin: null }))
    expect(statusCode).toBe(500)
    expect(answer).toEqual({ error: 'origin is required by this model', field: 'origin' })
    expect((await post(body(good))).statusCode).toBe(200)
  })

  it.each([
    ['body', ''],
    ['body', '{'],
    ['body', '[]'],
    ['body', 'null'],
    ['features', '{}'],
    ['features', body(null)],
    ['features', body([good])],
    ['features', body('ORD')],
    ['features.gate', body({ ...good, gate: 'B7' })],
    ['features.__proto__', '{"features":{"__proto__":{},"distance":1}}'],
    ['features.distance', body({ ...good, distance: undefined })],
    ['features.distance', body({ ...good, distance: '733' })],
    ['features.distance', body({ ...good, distance: -1 })],
    ['features.distance', '{"features":{"distance":1e999,"origin":"ORD","destination":"LGA","hour":1,"dayOfWeek":1}}'],
    ['features.origin', body({ ...good, origin: '' })],
    ['features.origin', body({ ...good, origin: 'ord' })],
    ['features.origin', body({ ...good, origin: 'O'.repeat(1000) })],
    ['features.destination', body({ ...good, destination: 7 })],
    ['features.hour', body({ ...good, hour: 24 })],
    ['features.hour', body({ ...good, hour: 7.5 })],
    ['features.hour', body({ ...good, hour: null })],
    ['features.dayOfWeek', body({ ...good, dayOfWeek: 0 })],
    ['features.dayOfWeek', body({ ...good, dayOfWeek: 8 })],
    ['features.arrivalReported', body({ ...good, arrivalReported: 'yes' })],
  ])('answers 400 and names %s for %s', async (field, text) => {
    const { statusCode, answer } = await post(text)
    expect(statusCode).toBe(400)
    expect(answer['field']).toBe(field)
    expect(answer['error']).toEqual(expect.any(String))
  })

  it('refuses other paths, methods and large bodies, and goes on', async () => {
    expect((await post('', '/', 'GET')).statusCode).toBe(404)
    expect((await post('', '/predict', 'GET')).statusCode).toBe(405)
    expect((await post('', '/healthz', 'PUT')).statusCode).toBe(405)
    expect((await post(' '.repeat(65 * 1024))).statusCode).toBe(413)
    expect((await post(body(good))).statusCode).toBe(200)
  })

  it('does not start on an artefact whose bytes are not those of the digest', async () => {
    const tampered = join(folder, 'tampered')
    await cp(trained.folder, tampered, { recursive: true })
    await appendFile(join(tampered, 'manifest.json'), ' ')
    const start = spawnModelServer({ folder: tampered, digest: trained.digest })
    const { digest } = await digestFolder(tampered)
    await expect(start).rejects.toThrow(`ended with 1: The artefact's digest is ${digest}, expected ${trained.digest}`)
  })

  it('does not start without a digest', async () => {
    const start = spawnModelServer({ folder: trained.folder, digest: '' })
    await expect(start).rejects.toThrow('ended with 1: Set ARTIFACT_DIGEST')
  })
})
