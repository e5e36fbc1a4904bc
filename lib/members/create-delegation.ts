import { selectHeldRoles, selectPersonIds, type HeldRole } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { delegationDaysMax, DelegationInput, delegationsMax } from './model-roles.ts'
import { insertDelegation, lockOpenDelegations } from './queries-delegations.ts'
import { selectKnownIdentity } from './queries-roles.ts'

type Parsed = ReturnType<typeof DelegationInput.parse> & { startsAt: Date }
const dayMs = 86_400_000
const aheadDaysMax = 90

/**
 * Lets another member stand in for the caller in one role, as far as the caller holds it themselves, for at most thirty
 * days. The delegate inherits the caller's conflicts of interest and counts as the caller where people are counted. It
 * ends with its time, with a revocation, and whenever the caller loses the role.
 * @throws `forbidden` for a role that the caller does not hold, holds more narrowly, or was only delegated; for oneself
 * and for one's other identities. `not-found` for somebody who is no member here. `invalid` for times that cannot be
 */
export async function createDelegation(ctx: Ctx, input: DelegationInput): Promise<{ delegationId: string }> {
  const parsed = parseInput(DelegationInput, input)
  const { workspaceId } = ctx
  const { environment, label, role } = parsed
  const resource = {
    kind: 'workspace',
    id: workspaceId,
    workspaceId,
    ...(environment === null ? {} : { environment }),
    labels: label === null ? [] : [label],
  }
  return mutate(
    ctx,
    { action: 'delegation:create', load: () => Promise.resolve({ subject: null, resource }) },
    async (tx) => {
      const now = ctx.clock.now()
      const wanted = { ...parsed, startsAt: parsed.startsAt ?? now }
      checkTimes(wanted, now)
      const delegate = await selectKnownIdentity(tx, wanted.delegateId, workspaceId)
      if (!delegate || delegate.kind !== 'person')
        throw problem('not-found', 'There is no such person in this workspace.')
      await checkPersons(tx, ctx, delegate)
      await checkHeld(tx, ctx, wanted)
      await checkOthers(tx, ctx, wanted)
      const delegationId = newId('delegation', now)
      const { reason, ...rest } = wanted
      await insertDelegation(tx, { id: delegationId, workspaceId, delegatorId: ctx.actorId, ...rest, reason, now })
      return {
        value: { delegationId },
        audit: {
          resource: { kind: 'delegation', id: delegationId, name: `${role} to ${delegate.name}` },
          after: { delegatorId: ctx.actorId, ...rest },
          because: reason,
        },
      }
    },
  )
}

function checkTimes({ startsAt, endsAt }: Parsed, now: Date): void {
  const wrong = (path: string, message: string) =>
    problem('invalid', `${path}: ${message}`, { errors: [{ path, message }] })
  if (startsAt.getTime() < now.getTime() - 60_000) throw wrong('startsAt', 'must not be in the past')
  if (startsAt.getTime() > now.getTime() + aheadDaysMax * dayMs)
    throw wrong('startsAt', `must be within ${aheadDaysMax} days`)
  if (endsAt <= startsAt) throw wrong('endsAt', 'must be after the start')
  if (endsAt.getTime() - startsAt.getTime() > delegationDaysMax * dayMs)
    throw wrong('endsAt', `must be at most ${delegationDaysMax} days after the start`)
}

async function checkPersons(tx: Tx, ctx: Ctx, delegate: { id: string; name: string }): Promise<void> {
  if (ctx.actor.kind !== 'person') throw problem('forbidden', 'Only a person may let another stand in for them.')
  const persons = await selectPersonIds(tx, ctx.workspaceId, [ctx.actorId, delegate.id])
  if (persons.get(ctx.actorId) === persons.get(delegate.id))
    throw problem('forbidden', `${delegate.name} is you: a role is delegated to another person.`)
}

// What was delegated to the caller is no role of theirs, and a narrower role is none of the wider scope.
async function checkHeld(tx: Tx, ctx: Ctx, wanted: Parsed): Promise<void> {
  const { workspaceId, actorId } = ctx
  const { roles } = await selectHeldRoles(tx, { workspaceId, identityIds: [actorId], now: ctx.clock.now(), lock: true })
  const inRole = roles.filter((held) => held.role === wanted.role)
  const own = inRole.filter((held) => held.via !== 'delegation')
  if (own.some((held) => covers(held, wanted))) return
  const because =
    own.length > 0
      ? `you hold the role ${wanted.role} more narrowly than that`
      : inRole.length > 0
        ? `the role ${wanted.role} was delegated to you, and is not yours to pass on`
        : `you do not hold the role ${wanted.role} here`
  throw problem('forbidden', `Not possible: ${because}.`, { role: wanted.role })
}

function covers(held: HeldRole, wanted: Parsed): boolean {
  return (
    (held.environment === null || held.environment === wanted.environment) &&
    (held.label === null || held.label === wanted.label)
  )
}

async function checkOthers(tx: Tx, ctx: Ctx, wanted: Parsed): Promise<void> {
  const open = await lockOpenDelegations(tx, ctx.workspaceId, ctx.actorId, ctx.clock.now())
  if (open.length >= delegationsMax)
    throw problem('conflict', `You have ${open.length} delegations that have not ended: revoke one first.`)
  const same = open.find(
    (d) =>
      d.delegateId === wanted.delegateId &&
      d.role === wanted.role &&
      d.environment === wanted.environment &&
      d.label === wanted.label &&
      d.startsAt < wanted.endsAt &&
      wanted.startsAt < d.endsAt,
  )
  if (same)
    throw problem('conflict', 'You have delegated that to them for a part of that time already.', {
      delegationId: same.id,
    })
}
