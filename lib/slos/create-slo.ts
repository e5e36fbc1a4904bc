import { findEndpoint } from '#lib/endpoints/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { currentSloPolicies } from './load-policies.ts'
import { CreateSloInput, type KeptPolicy } from './model.ts'
import { insertSlo } from './queries.ts'

export type CreatedSlo = { id: string; name: string; endpointId: string; state: 'no-data' }

/**
 * Gives an endpoint an objective of a policy file. What the file says is kept with it under the file's digest. It is
 * evaluated from now on; until then nothing is known.
 * @throws `invalid` for a policy or objective that no file has, `conflict` when the endpoint has one of that name
 */
export async function createSlo(ctx: Ctx, input: CreateSloInput): Promise<CreatedSlo> {
  const fields = parseInput(CreateSloInput, input)
  const { kept, digest } = choose(fields.policy, fields.objective)
  return mutate(ctx, { action: 'slo:create', load: (tx) => load(tx, fields.endpointId) }, async (tx, endpoint) => {
    const now = ctx.clock.now()
    const id = newId('slo', now)
    const { name } = kept.objective
    const isNew = await insertSlo(tx, {
      id,
      workspaceId: endpoint.workspaceId,
      endpointId: endpoint.id,
      policy: kept,
      policyDigest: digest,
      now,
    })
    if (!isNew) throw problem('conflict', `${endpoint.name} has an objective named ${name} already.`, { name })
    const after = {
      endpointId: endpoint.id,
      policy: kept.name,
      objective: kept.objective,
      minimumEvents: kept.minimumEvents,
    }
    return {
      value: { id, name, endpointId: endpoint.id, state: 'no-data' as const },
      audit: {
        resource: { kind: 'slo', id, name: `${endpoint.name} ${name}` },
        after,
        because: 'asked for',
        policies: [digest],
      },
      wake: ['slos'],
    }
  })
}

function choose(policyName: string, objectiveName: string): { kept: KeptPolicy; digest: string } {
  const policies = currentSloPolicies()
  const found = policies.find((p) => p.policy.name === policyName)
  if (!found)
    throw notOffered(
      'policy',
      policyName,
      policies.map((p) => p.policy.name),
    )
  const { name, objectives, alerts, minimumEvents, evaluateEvery } = found.policy
  const objective = objectives.find((o) => o.name === objectiveName)
  if (!objective)
    throw notOffered(
      'objective',
      objectiveName,
      objectives.map((o) => o.name),
    )
  return { kept: { name, objective, alerts, minimumEvents, evaluateEvery }, digest: found.digest }
}

function notOffered(path: string, value: string, known: string[]) {
  const message = `must be one of ${known.join(', ')}, not ${value}`
  return problem('invalid', `${path}: ${message}`, { errors: [{ path, message }] })
}

async function load(tx: Tx, endpointId: string) {
  const subject = await findEndpoint(tx, endpointId)
  if (!subject) return undefined
  const { id, workspaceId, environment, labels, name } = subject
  return { subject, resource: { kind: 'endpoint', id, workspaceId, environment, labels }, name }
}
