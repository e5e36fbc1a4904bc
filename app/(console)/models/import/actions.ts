'use server'
import { chooseModels } from '#lib/registries/choose-models.ts'
import { connectRegistry } from '#lib/registries/connect-registry.ts'
import { testRegistry } from '#lib/registries/test-registry.ts'
import { problem } from '#lib/platform/errors.ts'
import { act, field } from '../../../_server/act.ts'
import type { ActionState } from '../../../_ui/dialog/action-state.ts'

/** Connects an MLflow server. The webhook's secret is in the answer and nowhere else. */
export async function connectRegistryAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const ca = field(form, 'ca').trim()
    const upstreamWorkspace = field(form, 'upstreamWorkspace').trim()
    const { name, hookSecret } = await connectRegistry(ctx, {
      name: field(form, 'name'),
      url: field(form, 'url').trim(),
      auth: authOf(form),
      outsideEdits: field(form, 'outsideEdits') === 'put-back' ? 'put-back' : 'report',
      ...(ca === '' ? {} : { ca }),
      ...(upstreamWorkspace === '' ? {} : { upstreamWorkspace }),
    })
    return `${name} is connected and is being asked. The secret of its webhook, shown this once: ${hookSecret}`
  })
}

/** Has the registry asked again. */
export async function testRegistryAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await testRegistry(ctx, { registryId: field(form, 'registryId') })
    return 'It is being asked again.'
  })
}

/** Chooses the ticked models. */
export async function chooseModelsAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const models = form.getAll('model').filter((name) => typeof name === 'string')
    if (models.length === 0) throw problem('invalid', 'Tick at least one model that shall be here.')
    const { chosen } = await chooseModels(ctx, { registryId: field(form, 'registryId'), models })
    return `Chosen: ${chosen.length}. Their versions come now, and new ones as they appear there.`
  })
}

function authOf(form: FormData) {
  const kind = field(form, 'auth')
  if (kind === 'bearer') return { kind, token: field(form, 'secret') } as const
  if (kind === 'basic') return { kind, username: field(form, 'username'), password: field(form, 'secret') } as const
  return { kind: 'none' } as const
}
