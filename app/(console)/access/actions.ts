'use server'
import { bindGroup } from '#lib/members/bind-group.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { createDelegation } from '#lib/members/create-delegation.ts'
import { linkIdentities } from '#lib/members/link-identities.ts'
import type { BindGroupInput, DelegationInput } from '#lib/members/model-roles.ts'
import { revokeDelegation } from '#lib/members/revoke-delegation.ts'
import { unbindGroup } from '#lib/members/unbind-group.ts'
import { unbindRole } from '#lib/members/unbind-role.ts'
import { unlinkIdentities } from '#lib/members/unlink-identities.ts'
import { act, field } from '../../_server/act.ts'
import type { ActionState } from '../../_ui/dialog/action-state.ts'

const dayMs = 86_400_000

/** Which role, and how far: what the form leaves open is everywhere. The verb's schema judges the words. */
function scopeOf(form: FormData) {
  const role = field(form, 'role') as BindGroupInput['role']
  return { role, environment: field(form, 'environment') || null, label: field(form, 'label').trim() || null }
}

/** Gives a person a role. */
export async function bindAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const who = { issuer: field(form, 'issuer'), subject: field(form, 'subject'), name: field(form, 'name') }
    await bindRole(ctx, { ...who, ...scopeOf(form) })
    return `${who.name} has the role.`
  })
}

/** Takes a role away. */
export async function unbindAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await unbindRole(ctx, { bindingId: field(form, 'bindingId'), reason: field(form, 'reason') })
    return 'The role is taken away. Votes that were cast under it count no more.'
  })
}

/** Gives a group a role. */
export async function bindGroupAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const group = field(form, 'group')
    await bindGroup(ctx, { issuer: field(form, 'issuer'), group, ...scopeOf(form) })
    return `Whoever is in ${group} at their next sign-in has the role.`
  })
}

/** Takes a role away from a group. */
export async function unbindGroupAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await unbindGroup(ctx, { bindingId: field(form, 'bindingId'), reason: field(form, 'reason') })
    return 'The role is taken away from the group. Votes that were cast under it count no more.'
  })
}

/** Lets another stand in for the caller, from now for so many days. */
export async function delegateAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const days = Number(field(form, 'days'))
    const endsAt = new Date(ctx.clock.now().getTime() + (Number.isFinite(days) ? days : 0) * dayMs)
    const scope = scopeOf(form) as Pick<DelegationInput, 'role' | 'environment' | 'label'>
    const reason = field(form, 'reason')
    await createDelegation(ctx, { delegateId: field(form, 'delegateId'), ...scope, endsAt, reason })
    return 'The role is delegated. It ends by itself, when you revoke it, and when you lose the role.'
  })
}

/** Ends a delegation. */
export async function revokeDelegationAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await revokeDelegation(ctx, { delegationId: field(form, 'delegationId'), reason: field(form, 'reason') })
    return 'The delegation has ended. Votes that were cast under it count no more.'
  })
}

/** Says that two identities are one person. */
export async function linkAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    const [identityId, otherId] = [field(form, 'identityId'), field(form, 'otherId')]
    await linkIdentities(ctx, { identityId, otherId, reason: field(form, 'reason') })
    return 'They count as one person from now on.'
  })
}

/** Takes that back. */
export async function unlinkAction(_: ActionState, form: FormData): Promise<ActionState> {
  return act(async (ctx) => {
    await unlinkIdentities(ctx, { linkId: field(form, 'linkId'), reason: field(form, 'reason') })
    return 'They count as two people from now on.'
  })
}
