import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { digestFolder, type ArtifactFile } from '#lib/platform/artifact-digest.ts'
import { problem } from '#lib/platform/errors.ts'
import { evaluateScores, thresholdForShare, type Evaluation } from './evaluate.ts'
import { encodeRows, featuresOf, requiredOf, slotCount, type ModelVariant } from './feature-slots.ts'
import { dayNumber, lateAfterMinutes, readFlightHeader, readFlights, type FlightTable } from './flight-table.ts'
import { scoreRows, trainLogistic, type LogisticWeights } from './logistic.ts'
import type { ModelDescription } from './model-file.ts'
import { sampleRows } from './sample.ts'

export type TrainModelInput = {
  variant: ModelVariant
  /** A folder that `prepareFlights` made. */
  dataFolder: string
  /** The artefact's own folder; an artefact of ours that is there already is replaced. */
  outFolder: string
  /** Days, `YYYY-MM-DD`, both ends included. Training must end before the evaluation begins. */
  train?: { from: string; to: string }
  evaluate?: { from: string; to: string }
  rowsMax?: number
  seed?: number
}

export type TrainedModel = {
  folder: string
  digest: string
  files: ArtifactFile[]
  description: ModelDescription
  /** On the later days, with the features of the historical table: what a developer would submit as evidence. */
  evaluation: { from: string; to: string; metrics: Evaluation }
}

const january = { from: '2001-01-01', to: '2001-01-31' }
const firstHalfOfFebruary = { from: '2001-02-01', to: '2001-02-14' }
const epochs = 3
const learningRate = 0.05

/**
 * Trains one variant on a sample of the training days and writes `model.json`, `weights.f32` and `manifest.json`
 * (provenance). The same input gives the same bytes, hence the same digest. Throws `invalid` when the evaluation
 * would see days of the training: a random split leaks, because flights of one day share their weather.
 */
export async function trainModel(input: TrainModelInput): Promise<TrainedModel> {
  const { variant, dataFolder, train = january, evaluate = firstHalfOfFebruary, rowsMax = 300_000, seed = 1 } = input
  if (dayNumber(evaluate.from) <= dayNumber(train.to))
    throw problem('invalid', 'The evaluation must begin after the training ends: choose later days for it.')
  const header = await readFlightHeader(dataFolder)
  const table = sampleRows(await readFlights(dataFolder, train.from, train.to), rowsMax)
  const { weights, threshold } = fitVariant(variant, table, seed)
  const description: ModelDescription = {
    format: 'quarterdeck-flights-logistic/2',
    variant,
    features: [...featuresOf[variant]],
    required: [...requiredOf[variant]],
    slots: slotCount,
    bias: weights.bias,
    threshold,
    weightsFile: 'weights.f32',
  }
  const manifest = {
    format: artifactFormat,
    name: 'flight-delay',
    variant,
    trainedOn: { ...train, rows: table.rowCount, data: header?.stamp },
    training: { algorithm: 'logistic regression, AdaGrad', epochs, learningRate, seed },
  }
  await writeArtifact(input.outFolder, [
    ['model.json', `${JSON.stringify(description, undefined, 2)}\n`],
    ['weights.f32', new Uint8Array(weights.weights.buffer)],
    ['manifest.json', `${JSON.stringify(manifest, undefined, 2)}\n`],
  ])
  const later = await readFlights(dataFolder, evaluate.from, evaluate.to)
  const metrics = evaluateVariant({ description, weights }, later, { leak: true })
  return {
    folder: input.outFolder,
    ...(await digestFolder(input.outFolder)),
    description,
    evaluation: { ...evaluate, metrics },
  }
}

/**
 * Quality on a table. With `leak` the historical table as it is, as offline evaluation sees it; without it what the
 * model gets when it is asked, before the flight: the leaking feature is not there.
 */
export function evaluateVariant(
  model: { description: ModelDescription; weights: LogisticWeights },
  table: FlightTable,
  options: { leak: boolean },
): Evaluation {
  const { features, threshold } = model.description
  const scores = scoreRows(model.weights, encodeRows(features, table, options), features.length)
  return evaluateScores(scores, labelsOf(table), threshold)
}

/** 1 for each flight more than 15 minutes late. */
export function labelsOf(table: FlightTable): Uint8Array {
  return Uint8Array.from(table.delay, (delay) => (delay > lateAfterMinutes ? 1 : 0))
}

const artifactFormat = 'quarterdeck-flights-artifact/1'

function fitVariant(variant: ModelVariant, table: FlightTable, seed: number) {
  const features = featuresOf[variant]
  const labels = labelsOf(table)
  const slots = encodeRows(features, table, { leak: true })
  const weights = trainLogistic({
    slots,
    featureCount: features.length,
    labels,
    slotCount,
    epochs,
    learningRate,
    seed,
  })
  const lateShare = labels.reduce((sum, label) => sum + label, 0) / Math.max(1, labels.length)
  return { weights, threshold: thresholdForShare(scoreRows(weights, slots, features.length), lateShare) }
}

/** Writes into a folder beside and renames it, so that nobody ever reads half an artefact. */
async function writeArtifact(folder: string, files: (readonly [string, string | Uint8Array])[]): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const part = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`))
  for (const [name, content] of files) await writeFile(join(part, name), content)
  await removeEarlierArtifact(folder)
  await rename(part, folder)
}

async function removeEarlierArtifact(folder: string): Promise<void> {
  let manifest: string
  try {
    manifest = await readFile(join(folder, 'manifest.json'), 'utf8')
  } catch (error) {
    // Without a manifest the folder is not ours to remove: the rename succeeds if it is absent or empty, else it fails.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  const { format } = JSON.parse(manifest) as { format?: unknown }
  if (format !== artifactFormat) throw problem('conflict', 'Another artefact is in that folder: name another folder.')
  await rm(folder, { recursive: true })
}
