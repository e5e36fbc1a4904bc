import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { listApprovals, readApproval } from '#lib/approvals/reads.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { listVersions } from '#lib/models/reads.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { ModelVariant } from '../feature-slots.ts'
import { trainModel } from '../train.ts'
import { cardOf } from './cards.ts'
import type { Scene } from './set-up.ts'
import { as, type Stage } from './stage.ts'

export type Workshop = { dataFolder: string; modelsFolder: string }
export const versionOf = { v1: '1.0.0', v2: '2.0.0', v3: '3.0.0' } as const satisfies Record<ModelVariant, string>

/** The ids of a variant's version at both places; undefined where it was not submitted. */
export async function findVersions(stage: Stage, scene: Scene, variant: ModelVariant) {
  const dana = await as(stage, 'dana')
  const of = async (modelId: string) =>
    (await listVersions(dana, modelId)).items.find((v) => v.version === versionOf[variant])?.id
  return { main: await of(scene.main.modelId), regional: await of(scene.regional.modelId) }
}

/** Dana trains a variant and submits it with its offline evaluation, to the models of those places where it is missing. */
export async function submit(
  stage: Stage,
  scene: Scene,
  workshop: Workshop,
  variant: ModelVariant,
  places: readonly ('main' | 'regional')[],
): Promise<Record<'main' | 'regional', string>> {
  const ids = await findVersions(stage, scene, variant)
  const missing = places.filter((place) => ids[place] === undefined)
  const folder = join(workshop.modelsFolder, variant)
  if (missing.length > 0 || !existsSync(folder)) {
    const trained = await trainModel({ variant, dataFolder: workshop.dataFolder, outFolder: folder })
    const { from, to, metrics } = trained.evaluation
    const figures = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    for (const place of missing) {
      const version = await registerVersion(await as(stage, 'dana'), {
        modelId: scene[place].modelId,
        version: versionOf[variant],
        digest: trained.digest,
        artifactUri: pathToFileURL(folder).href,
        files: trained.files,
        lineage: {
          run: `examples/flights/train.ts ${variant}, seed 1`,
          datasets: [{ name: 'vega-datasets 3.2.1, flights-3m.parquet, January 2001' }],
          features: [...trained.description.features],
        },
        evaluation: {
          dataset: `${from} to ${to}`,
          rows: metrics.n,
          metrics: Object.fromEntries(figures.filter(([name]) => name !== 'n')),
          notes: 'Measured on later days than those of the training.',
        },
        card: cardOf(variant),
      })
      ids[place] = version.id
    }
  }
  return { main: ids.main ?? '', regional: ids.regional ?? '' }
}

/** Dana asks for approval; Priya and Tomás read the request and vote on the revision that they read. */
export async function approve(
  stage: Stage,
  scene: Scene,
  versionId: string,
  reasons: { asks: string; priya: string; tomas: string },
): Promise<void> {
  const dana = await as(stage, 'dana')
  const { items } = await listApprovals(dana, { versionId, limit: 20 })
  if (items.some((a) => a.state === 'approved')) return
  const open = items.find((a) => a.state === 'open')
  const request = { versionId, environmentId: scene.environmentId, reason: reasons.asks }
  const { id } = open ?? (await requestApproval(dana, request))
  for (const subject of ['priya', 'tomas'] as const) {
    await stage.pause(2_500)
    await vote(stage, id, subject, reasons[subject])
  }
}

async function vote(stage: Stage, approvalId: string, subject: 'priya' | 'tomas', reason: string): Promise<void> {
  const ctx = await as(stage, subject)
  const { revisionDigest, mine } = await readApproval(ctx, approvalId)
  if (!mine.vote.allowed) return
  try {
    await castVote(ctx, { approvalId, decision: 'approve', reason, revisionDigest })
  } catch (error) {
    // A visitor may vote as this persona at the same moment: then the vote is there, and the story goes on with it.
    if (!isProblem(error, 'conflict')) throw error
  }
}
