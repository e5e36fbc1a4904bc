import { z } from 'zod'
import type { Ctx } from '#lib/platform/context.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { addEvidence, type AddedEvidence } from './add-evidence.ts'
import { runEvidence } from './mlflow-run-evidence.ts'

export const AddRunEvidenceInput = z.strictObject({
  versionId: z.string().startsWith('mv_'),
  /** The JSON of an MLflow run, as `runs/get` answers. */
  run: z.unknown(),
  url: z.string().max(2_000).optional(),
})
export type AddRunEvidenceInput = z.input<typeof AddRunEvidenceInput>

/**
 * Takes the metrics of a finished MLflow run as a version's evaluation, with the run's id as its source. The run comes as
 * its JSON: nothing here asks MLflow, so the evidence is as good as whoever hands it in, and they are its producer.
 */
export async function addRunEvidence(
  ctx: Ctx,
  input: AddRunEvidenceInput,
): Promise<AddedEvidence & { left: string[] }> {
  const { versionId, run, url } = parseInput(AddRunEvidenceInput, input)
  const { runId, metrics, left, measuredAt } = runEvidence(run)
  const added = await addEvidence(ctx, {
    versionId,
    kind: 'evaluation',
    content: { metrics, dataset: '', notes: `MLflow run ${runId}` },
    source: { kind: 'mlflow-run', id: runId, ...(url === undefined ? {} : { url }) },
    ...(measuredAt ? { measuredAt: measuredAt.toISOString() } : {}),
  })
  return { ...added, left }
}
