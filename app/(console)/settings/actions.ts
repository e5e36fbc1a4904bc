'use server'
import { createServiceAccount } from '#lib/members/create-service-account.ts'
import { disableServiceAccount } from '#lib/members/disable-service-account.ts'
import { endOwnSession } from '#lib/members/end-own-session.ts'
import { issueServiceToken } from '#lib/members/issue-service-token.ts'
import { signOutEverywhere } from '#lib/members/sign-out-everywhere.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

/** Ends one of the caller's own sessions. */
export async function endSessionAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await endOwnSession(ctx, { sessionId: field(form, 'sessionId') })
    return 'The session has ended: what is open there asks to sign in again.'
  })
}

/** Ends every session of the caller, also this one, and their own tokens. */
export async function signOutEverywhereAction(): Promise<ActionState> {
  return act(async (ctx) => {
    const { sessions, tokens } = await signOutEverywhere(ctx)
    return `Signed out of ${sessions} sessions; ${tokens} tokens are revoked. Load any page to sign in again.`
  })
}

/** Makes a service account. */
export async function createAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const name = field(form, 'name')
    await createServiceAccount(ctx, { name, purpose: field(form, 'purpose') })
    return `The account ${name} is made. It may do nothing until it is given a role on the Access page.`
  })
}

/** Issues a token for a service account; its text is in the answer and nowhere else. */
export async function issueTokenAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const lifetimeSeconds = Number(field(form, 'lifetimeSeconds'))
    const { token } = await issueServiceToken(ctx, { accountId: field(form, 'accountId'), lifetimeSeconds })
    return `Copy the token now, it is not shown again: ${token}`
  })
}

/** Disables a service account for good. */
export async function disableAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const input = { accountId: field(form, 'accountId'), reason: field(form, 'reason') }
    const { tokens } = await disableServiceAccount(ctx, input)
    return `The account is disabled and ${tokens} tokens are revoked.`
  })
}
