import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featuresOfRow, modelVariants, type ModelVariant } from './feature-slots.ts'
import { readFlightHeader, readFlights, writeFlights } from './flight-table.ts'
import { loadModel, predictFlight } from './model-file.ts'
import { prepareFlights } from './prepare.ts'
import { readProfileColumns } from './profile-rows.ts'
import { evaluateVariant, trainModel, type TrainedModel } from './train.ts'

describe('trainModel', () => {
  let folder = ''
  const models = {} as Record<ModelVariant, TrainedModel>
  const dataFolder = () => join(folder, 'data')
  const train = (variant: ModelVariant, name: string, seed = 1) =>
    trainModel({ variant, dataFolder: dataFolder(), outFolder: join(folder, name), rowsMax: 100_000, seed })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quarterdeck-train-'))
    await prepareFlights({ outFolder: dataFolder() })
    for (const variant of modelVariants) models[variant] = await train(variant, variant)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('gives the same digest for the same input, also over itself, and another for another seed', async () => {
    expect((await train('v2', 'again')).digest).toBe(models.v2.digest)
    expect((await train('v2', 'again')).digest).toBe(models.v2.digest)
    expect((await train('v2', 'seeded', 2)).digest).not.toBe(models.v2.digest)
    expect(new Set(modelVariants.map((variant) => models[variant].digest)).size).toBe(3)
    expect(models.v2.files.map((file) => file.path)).toEqual(['manifest.json', 'model.json', 'weights.f32'])
  })

  it('does not see a day after its training days: other delays there give the same artefact', async () => {
    const table = await readFlights(dataFolder(), '2001-01-01', '2001-06-30')
    const header = await readFlightHeader(dataFolder())
    for (let row = header!.dayStarts[31]!; row < table.rowCount; row++) table.delay[row] = -table.delay[row]!
    const changed = join(folder, 'changed')
    await mkdir(changed)
    await writeFlights(changed, table, header!.stamp)
    const outFolder = join(folder, 'blind')
    const blind = await trainModel({ variant: 'v2', dataFolder: changed, outFolder, rowsMax: 100_000 })
    expect(blind.digest).toBe(models.v2.digest)
    expect(blind.evaluation.metrics.auc).not.toBe(models.v2.evaluation.metrics.auc)
  })

  it('refuses an evaluation that begins before the training has ended', async () => {
    const outFolder = join(folder, 'leaking')
    const split = {
      train: { from: '2001-01-01', to: '2001-01-31' },
      evaluate: { from: '2001-01-31', to: '2001-02-07' },
    }
    const leaking = trainModel({ variant: 'v1', dataFolder: dataFolder(), outFolder, ...split })
    await expect(leaking).rejects.toThrow(/must begin after the training ends/)
  })

  it('gets better with crosses, on later days and by every measure', () => {
    const [v1, v2] = [models.v1.evaluation.metrics, models.v2.evaluation.metrics]
    expect(v1.auc!).toBeGreaterThan(0.6)
    expect(v2.auc!).toBeGreaterThan(v1.auc! + 0.005)
    expect(v2.logLoss!).toBeLessThan(v1.logLoss!)
    expect(v2.accuracy!).toBeGreaterThan(v1.accuracy!)
  })

  it('makes a v3 that is far better offline and worse than the margin of 0.02 online', async () => {
    const march = await readFlights(dataFolder(), '2001-03-01', '2001-03-07')
    const online = async (variant: ModelVariant) =>
      evaluateVariant(await loadModel(models[variant].folder), march, { leak: false })
    const [v2, v3] = [await online('v2'), await online('v3')]
    expect(models.v3.evaluation.metrics.auc!).toBeGreaterThan(models.v2.evaluation.metrics.auc! + 0.2)
    expect(models.v3.evaluation.metrics.accuracy!).toBeGreaterThan(models.v2.evaluation.metrics.accuracy! + 0.1)
    expect(v3.accuracy!).toBeLessThan(v2.accuracy! - 0.2)
    expect(v3.logLoss!).toBeGreaterThan(v2.logLoss! + 0.3)
  })

  it('serves what was evaluated: one flight at a time scores as the table does', async () => {
    for (const variant of modelVariants) {
      const model = await loadModel(models[variant].folder)
      const columns = await readProfileColumns({ dataFolder: dataFolder(), model, rowsMax: 500 })
      const one = columns.distance.map((distance, row) => ({
        distance,
        origin: columns.origin[row]!,
        destination: columns.destination[row]!,
        hour: columns.hour[row]!,
        dayOfWeek: columns.dayOfWeek[row]!,
      }))
      expect(one).toHaveLength(500)
      expect(one.map((features) => predictFlight(model, features).score)).toEqual(columns.score)
    }
  })

  it('lets the leak into the offline table only', async () => {
    const table = await readFlights(dataFolder(), '2001-03-01', '2001-03-01')
    const rows = Array.from({ length: 200 }, (_, row) => row)
    expect(rows.some((row) => 'arrivalReported' in featuresOfRow(table, row, { leak: false }))).toBe(false)
    const told = rows.map((row) => featuresOfRow(table, row, { leak: true }).arrivalReported)
    expect(told).toEqual(rows.map((row) => table.delay[row]! <= 10))
  })

  it('replaces no folder that it did not make', async () => {
    const outFolder = join(folder, 'foreign')
    await mkdir(outFolder)
    await writeFile(join(outFolder, 'manifest.json'), '{"format":"another"}')
    await expect(train('v1', 'foreign')).rejects.toThrow(/Another artefact/)
    expect(await readFile(join(outFolder, 'manifest.json'), 'utf8')).toBe('{"format":"another"}')
  })
})
