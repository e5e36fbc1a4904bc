import { z } from '@hono/zod-openapi'
import { addEvidence } from '#lib/models/add-evidence.ts'
import { addRunEvidence } from '#lib/models/add-run-evidence.ts'
import { AddEvidenceInput, evidenceKinds, EvidenceSource, WithdrawEvidenceInput } from '#lib/models/evidence.ts'
import { listEvidence } from '#lib/models/reads-evidence.ts'
import { withdrawEvidence } from '#lib/models/withdraw-evidence.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idParam, instant, instantOrNull, person, structure } from './schemas.ts'

const tag = 'Evidence'

const Evidence = z
  .object({
    id: z.string(),
    versionId: z.string(),
    kind: z.enum(evidenceKinds),
    digest: z.string(),
    content: structure('What it says, by its kind'),
    source: EvidenceSource.nullable(),
    statementDigest: z.string(),
    producedBy: person,
    measuredAt: instant,
    addedAt: instant,
    withdrawnAt: instantOrNull,
    withdrawnBecause: z.string().nullable(),
  })
  .openapi('Evidence')

const added = {
  id: z.string(),
  versionId: z.string(),
  kind: z.enum(evidenceKinds),
  digest: z.string(),
  statementDigest: z.string(),
}
const versionParam = idParam('versionId', 'version')

export const evidenceRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/versions/{versionId}/evidence',
    operationId: 'listEvidence',
    summary: 'The evidence of a version, oldest first, with what was withdrawn',
    tag,
    action: 'model:read',
    params: versionParam,
    status: 200,
    response: z.object({ items: z.array(Evidence) }),
    run: async (ctx, { params }) => ({ items: await listEvidence(ctx, params.versionId) }),
  }),
  defineRoute({
    method: 'post',
    path: '/versions/{versionId}/evidence',
    operationId: 'addEvidence',
    summary: 'Add what was measured or checked',
    description:
      'Its content is what its kind asks for; for data-validation and test-result also an in-toto test-result statement.',
    tag,
    action: 'evidence:add',
    params: versionParam,
    body: AddEvidenceInput.omit({ versionId: true }),
    status: 201,
    response: z.object(added),
    run: (ctx, { params, body }) => addEvidence(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/versions/{versionId}/evidence/runs',
    operationId: 'addRunEvidence',
    summary: 'Take the metrics of a finished MLflow run as evaluation',
    description: 'The run comes as its JSON, as MLflow answers runs/get: nothing here asks MLflow.',
    tag,
    action: 'evidence:add',
    params: versionParam,
    body: z.strictObject({ run: structure('The JSON of an MLflow run'), url: z.string().max(2_000).optional() }),
    status: 201,
    response: z.object({ ...added, left: z.array(z.string()).openapi({ description: 'Metrics that cannot be used' }) }),
    run: (ctx, { params, body }) => addRunEvidence(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/evidence/{evidenceId}/withdraw',
    operationId: 'withdrawEvidence',
    summary: 'Take a piece of evidence back; it stays on record',
    tag,
    action: 'evidence:withdraw',
    params: idParam('evidenceId', 'evidence'),
    body: WithdrawEvidenceInput.omit({ evidenceId: true }),
    status: 200,
    response: z.object({ evidenceId: z.string(), versionId: z.string(), withdrawn: z.literal(true) }),
    run: (ctx, { params, body }) => withdrawEvidence(ctx, { ...params, ...body }),
  }),
]
