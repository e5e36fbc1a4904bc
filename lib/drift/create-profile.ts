import { attachEvidence } from '#lib/models/attach-evidence.ts'
import { findVersion } from '#lib/models/reads.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { CreateProfileInput, type ProfileView } from './model.ts'
import { profileDigest } from './profile.ts'
import { insertProfile } from './queries-monitors.ts'

/**
 * Stores the reference profile of a version. It is its digest: written once, never changed; and it is evidence of the
 * version, of the kind drift-baseline.
 * @throws `invalid` when the digest that was sent is not the profile's, `conflict` when the version has this profile already
 */
export async function createProfile(ctx: Ctx, input: CreateProfileInput): Promise<ProfileView> {
  const { versionId, source, profile, digest: expected } = parseInput(CreateProfileInput, input)
  const digest = `sha256:${profileDigest(profile)}`
  if (expected !== undefined && expected !== digest)
    throw problem('invalid', 'digest: it is not the digest of this profile', {
      errors: [{ path: 'digest', message: 'must be the SHA-256 of the canonical profile' }],
      expected: digest,
    })
  return mutate(
    ctx,
    {
      action: 'profile:create',
      load: async (tx) => {
        const version = await findVersion(tx, versionId)
        if (!version) return undefined
        const { workspaceId, labels, modelName } = version
        const resource = { kind: 'version', id: versionId, workspaceId, labels }
        return { subject: version, resource, name: `${modelName}@${version.version}` }
      },
    },
    async (tx, version) => {
      const now = ctx.clock.now()
      const id = newId('profile', now)
      const row = { id, workspaceId: ctx.workspaceId, versionId, digest, source, rows: profile.rows, createdAt: now }
      if (!(await insertProfile(tx, { ...row, content: profile, createdBy: ctx.actorId })))
        throw problem('conflict', `${version.modelName}@${version.version} has this profile already.`, { digest })
      await attachEvidence(tx, ctx, {
        version,
        kind: 'drift-baseline',
        content: { profile: digest, source, rows: profile.rows, features: profile.features.length },
        source: { kind: 'profile', id },
      })
      const { workspaceId: _, ...view } = row
      const after = { version: versionId, digest, source, rows: profile.rows, features: profile.features.length }
      return {
        value: view,
        audit: { resource: { kind: 'profile', id }, after, because: `A reference was made from ${source}.` },
      }
    },
  )
}
