import { findEndpoint } from '#lib/endpoints/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { policyDigest } from '#lib/platform/policy-digest.ts'
import { CreateMonitorInput } from './model.ts'
import type { DriftPolicy } from './policy.ts'
import type { Profile } from './profile.ts'
import { insertMonitor, selectProfile } from './queries-monitors.ts'
import { currentDriftPolicies } from './reads-policies.ts'

const latenessSeconds = { ofPredictions: 300, ofLabels: 21_600 } as const

/**
 * Watches an endpoint against a reference profile. The policy is stored with it, as it is now and with what was asked for
 * here, so a later change of the file changes nothing that was decided.
 * @throws `invalid` for an unknown policy or feature or a profile of another model, `conflict` when the name is used
 */
export async function createMonitor(ctx: Ctx, input: CreateMonitorInput): Promise<{ id: string; name: string }> {
  const fields = parseInput(CreateMonitorInput, input)
  const policies = await currentDriftPolicies()
  const base = policies.get(fields.policy)
  if (!base) throw wrong('policy', `there is no drift policy of this name: use ${[...policies.keys()].join(', ')}`)
  return mutate(
    ctx,
    {
      action: 'monitor:create',
      load: async (tx) => {
        const endpoint = await findEndpoint(tx, fields.endpointId)
        if (!endpoint) return undefined
        const { id, name, workspaceId, environment, labels } = endpoint
        return { subject: endpoint, resource: { kind: 'endpoint', id, workspaceId, environment, labels }, name }
      },
    },
    async (tx, endpoint) => {
      const stored = await selectProfile(tx, fields.profileId)
      if (stored?.workspaceId !== ctx.workspaceId || stored.modelId !== endpoint.modelId)
        throw wrong('profileId', 'there is no such profile of a version of the endpoint’s model')
      const { policy, labelFeatures } = settle(fields, base, stored.content as Profile)
      const now = ctx.clock.now()
      const id = newId('monitor', now)
      const windowSeconds = fields.windowSeconds ?? base.window.seconds
      const lateness = labelFeatures.length > 0 ? latenessSeconds.ofLabels : latenessSeconds.ofPredictions
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        endpointId: endpoint.id,
        profileId: stored.id,
        name: fields.name,
        windowSeconds,
        policyName: base.name,
        policyDigest: policyDigest(policy),
        policy,
        labelFeatures,
        latenessSeconds: fields.latenessSeconds ?? lateness,
        now,
      }
      if (!(await insertMonitor(tx, row)))
        throw problem('conflict', `${endpoint.name} has a monitor named ${fields.name} already.`, { name: fields.name })
      const { policy: _, now: __, workspaceId: ___, ...after } = row
      return {
        value: { id, name: fields.name },
        audit: {
          resource: { kind: 'monitor', id, name: fields.name },
          after: { ...after, profileDigest: stored.digest, persistence: policy.persistence },
          policies: [row.policyDigest],
          because: 'asked for',
        },
        wake: ['drift'],
      }
    },
  )
}

/** The policy as this monitor applies it, and which of its features come with labels. */
function settle(
  fields: ReturnType<typeof CreateMonitorInput.parse>,
  base: DriftPolicy,
  profile: Profile,
): { policy: DriftPolicy; labelFeatures: string[] } {
  const names = profile.features.map((feature) => feature.name)
  requireNames('features', fields.features, names)
  requireNames('labelFeatures', fields.labelFeatures, names)
  const watched = fields.features === undefined ? undefined : new Set(fields.features)
  const ignored = names.filter((name) => watched !== undefined && !watched.has(name))
  const perFeature = {
    ...base.perFeature,
    ...Object.fromEntries(ignored.map((name) => [name, { ...base.perFeature[name], ignore: true }])),
  }
  const policy = { ...base, perFeature, persistence: fields.persistence ?? base.persistence }
  const ofLabels = fields.labelFeatures ?? names.filter((name) => name.startsWith('label:'))
  return { policy, labelFeatures: ofLabels.filter((name) => policy.perFeature[name]?.ignore !== true) }
}

function requireNames(path: string, asked: readonly string[] | undefined, names: readonly string[]): void {
  const unknown = asked?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw wrong(path, `the profile has no feature "${unknown.slice(0, 100)}"`)
}

function wrong(path: string, message: string) {
  return problem('invalid', `${path}: ${message}`, { errors: [{ path, message }] })
}
