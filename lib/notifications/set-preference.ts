import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { SetPreferenceInput, type PreferenceView } from './model.ts'
import { selectChannels, selectPreference, upsertPreference, type PreferenceRow } from './queries.ts'
import { whyNoMail } from './why-no-mail.ts'

/**
 * Says what the caller is told of here, where and when. The log says what was chosen, and not the address.
 * @throws `invalid` for an address whose domain the workspace's mail server does not serve
 */
export async function setPreference(ctx: Ctx, input: SetPreferenceInput): Promise<PreferenceView> {
  const fields = parseInput(SetPreferenceInput, input)
  const { workspaceId, actorId } = ctx
  const resource = { kind: 'preference', id: actorId, workspaceId }
  return mutate(
    ctx,
    { action: 'notification:prefer', load: () => Promise.resolve({ subject: null, resource }) },
    async (tx) => {
      const emailBecause = whyNoMail(await selectChannels(tx, workspaceId), fields.email)
      if (fields.email !== null && emailBecause?.kind === 'domain')
        throw problem('invalid', `email: ${emailBecause.because}`, {
          errors: [{ path: 'email', message: emailBecause.because }],
        })
      const before = await selectPreference(tx, workspaceId, actorId)
      await upsertPreference(tx, { ...fields, workspaceId, identityId: actorId, now: ctx.clock.now() })
      return {
        value: { ...fields, emailBecause: emailBecause?.because ?? null },
        audit: { before: withoutAddress(before), after: withoutAddress(fields), because: 'Chosen by the person.' },
      }
    },
  )
}

function withoutAddress({ email, ...rest }: PreferenceRow) {
  return { ...rest, hasEmail: email !== null }
}
