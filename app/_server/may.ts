import { cache } from 'react'
import type { Action } from '#lib/access/actions.ts'
import { listMembers, whetherAllowed } from '#lib/members/reads.ts'
import type { EnvironmentView } from '#lib/models/model.ts'
import { listEnvironments } from '#lib/models/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { Refusal } from '../_ui/permission-button.tsx'
import { roleRefusal, stateRefusal, type Can, type Member, type Scope } from './refusal.ts'
import { requireCtx } from './session.ts'

/** Everyone with a role in the workspace, asked once a request; empty for who may not read it. */
export const roster = cache(async (): Promise<readonly Member[]> => {
  try {
    return await listMembers(await requireCtx())
  } catch (error) {
    if (isProblem(error, 'forbidden')) return []
    throw error
  }
})

/**
 * Why the caller may not do this now, or null when they may: first their roles, as the server will judge them, then what
 * the thing's state table answers.
 */
export async function refusalOf(
  ctx: Ctx,
  action: Action,
  scope: Scope = {},
  can: Can = { allowed: true },
): Promise<Refusal | null> {
  const decision = await whetherAllowed(ctx, action, scope)
  if (!decision.allowed) return roleRefusal(decision, await roster(), scope)
  return can.allowed ? null : stateRefusal(can.because)
}

/** The environments of the workspace, asked once a request; none for who may not read them. */
export const environmentsFor = cache(async (ctx: Ctx): Promise<readonly EnvironmentView[]> => {
  return (await refusalOf(ctx, 'environment:read')) ? [] : listEnvironments(ctx)
})
