import { headers } from 'next/headers'
import { refresh } from 'next/cache'
import type { Config } from '#lib/platform/config.ts'
import { QuarterdeckError } from '#lib/platform/errors.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { checkSameOrigin } from '#lib/platform/request-origin.ts'
import type { ActionState } from '../_ui/dialog/action-state.ts'
import { currentSession } from './session.ts'

/**
 * Runs one verb for a form of the console. Checks that our own page sent it and that somebody is signed in; a refusal of
 * the verb becomes words on the page, an unknown failure becomes its request id and a log line, never its text.
 */
export async function act(verb: (ctx: Ctx) => Promise<string>): Promise<ActionState> {
  const session = await currentSession()
  if (!session) return { status: 'failed', message: 'You are signed out. Sign in again; nothing was changed.' }
  const { ctx } = session
  try {
    await checkOwnPage(ctx.config)
    const message = await verb(ctx)
    refresh()
    return { status: 'requested', message }
  } catch (error) {
    if (error instanceof QuarterdeckError && error.code !== 'internal')
      return { status: 'failed', message: error.message, requestId: ctx.requestId }
    ctx.log.error({ err: error, requestId: ctx.requestId, actorId: ctx.actorId }, 'an action of the console failed')
    return {
      status: 'failed',
      message: 'Something failed on our side. Nothing is known to have changed; look before you try again.',
      requestId: ctx.requestId,
    }
  }
}

/** Refuses a form that a page of another origin sent. @throws `forbidden` */
export async function checkOwnPage(config: Config): Promise<void> {
  const head = await headers()
  checkSameOrigin(config, head.get('host'), { origin: head.get('origin'), site: head.get('sec-fetch-site') })
}

/** A field of a form as text; a missing one is the empty text, which the verb's schema refuses with its name. */
export function field(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
