import { selectEffectiveRoles } from '#lib/access/effective-roles.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import type { Telling } from './decide.ts'
import { isDecider } from './is-decider.ts'
import { selectCandidates, selectPerson, type PersonRow } from './queries-people.ts'

/** People of a workspace that are looked at for one message. */
const candidatesMax = 1_000

/**
 * Whom a telling is for, now: who may decide on the request by the rules that the vote itself asks, who made it, or the
 * admins. Whoever did it needs not to be told.
 */
export async function findRecipients(
  system: System,
  of: {
    workspaceId: string
    telling: Pick<Telling, 'to' | 'resource'>
    by: { issuer: string; subject: string } | undefined
  },
): Promise<PersonRow[]> {
  const { workspaceId, telling, by } = of
  const people = (await peopleOf(system, workspaceId, telling)).filter((each) => each.kind === 'person')
  return people.filter((each) => each.issuer !== by?.issuer || each.subject !== by.subject)
}

async function peopleOf(
  system: System,
  workspaceId: string,
  { to, resource }: Pick<Telling, 'to' | 'resource'>,
): Promise<PersonRow[]> {
  if (to === 'requester') return requesterOf(system, workspaceId, resource.id)
  const candidates = await selectCandidates(system.db, workspaceId, candidatesMax)
  if (to === 'admins') {
    const roles = await selectEffectiveRoles(system.db, {
      workspaceId,
      identityIds: candidates.map((each) => each.id),
      labels: [],
      now: system.clock.now(),
      lock: false,
    })
    return candidates.filter((each) => roles.some((r) => r.role === 'admin' && r.identityId === each.id))
  }
  const deciders: PersonRow[] = []
  for (const each of candidates)
    if (await isDecider(system, { workspaceId, person: each, approvalId: resource.id })) deciders.push(each)
  return deciders
}

async function requesterOf(system: System, workspaceId: string, approvalId: string): Promise<PersonRow[]> {
  try {
    const { requestedBy } = await readApproval(workerCtx(system, workspaceId), approvalId)
    const person = await selectPerson(system.db, requestedBy.id)
    return person ? [person] : []
  } catch (error) {
    if (isProblem(error, 'not-found') || isProblem(error, 'forbidden')) return []
    throw error
  }
}
