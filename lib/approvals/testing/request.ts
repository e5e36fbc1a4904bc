import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import type { TestWorkspace } from '../../../tests/support/system.ts'
import { castVote } from '../cast-vote.ts'
import { requestApproval } from '../request-approval.ts'

export const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`

/** A workspace with a model, a protected and an unprotected environment, and the people who build and decide. */
export async function approvalSite(system: System, ws: TestWorkspace) {
  const [dana, admin] = [await ws.as('developer', 'dana'), await ws.as('admin', 'ada')]
  const model = await registerModel(dana, { name: 'fraud', title: 'Fraud', labels: ['risk'] })
  const production = await createEnvironment(admin, { name: 'production', protected: true })
  const staging = await createEnvironment(admin, { name: 'staging', protected: false })
  let versions = 0
  const submit = async (
    author: Ctx = dana,
    more: { metrics?: Record<string, number>; runOwner?: { issuer: string; subject: string } } = {},
  ) => {
    versions += 1
    const { metrics = { auc: 0.9 }, ...rest } = more
    return registerVersion(author, {
      modelId: model.id,
      version: `1.${versions}.0`,
      digest: digestOf(versions),
      artifactUri: `file:///models/${versions}`,
      evaluation: { metrics },
      ...rest,
    })
  }
  const ask = async (versionId: string, environmentId = production.id, who: Ctx = dana) =>
    requestApproval(who, { versionId, environmentId, reason: 'better than before' })
  const vote = (who: Ctx, a: { id: string; revisionDigest: string }, decision: 'approve' | 'reject' = 'approve') =>
    castVote(who, { approvalId: a.id, decision, reason: 'looked at it', revisionDigest: a.revisionDigest })
  return { system, ws, dana, admin, model, production, staging, submit, ask, vote }
}
