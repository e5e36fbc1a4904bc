import type { FeedEntry } from '#lib/audit/feed.ts'
import { followFeed, type FeedStep } from '#lib/audit/follow-feed.ts'
import { findOpenFindings } from '#lib/drift/reads.ts'
import type { System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { findRollout } from '#lib/rollouts/reads.ts'
import { selectStanding } from './queries.ts'
import { pass, recordOpening, recordResolving, type Step } from './reconcile-entry.ts'
import { effectOf, subjectOf, type Effect } from './rules.ts'

/**
 * One turn: follows the feed of committed audit entries and does what the rules ask for each, in order. Whatever an entry
 * leads to and the cursor's move past it commit together, so it is done exactly once, whichever worker dies or races. It
 * needs no sequencer. Returns how many entries it has passed; there may be more when that is not 0.
 */
export function reconcileIncidents(system: System): Promise<number> {
  return followFeed(system, 'incidents', (entry, turn) => follow(system, entry, turn))
}

/** Does what the entry asks for and moves the cursor past it; false when it asks for nothing. */
async function follow(system: System, entry: FeedEntry, turn: FeedStep): Promise<boolean> {
  const { workspaceId } = entry
  const about = subjectOf(entry)
  const effect = effectOf(entry)
  if (workspaceId === null || (!effect && about.endpointId === undefined && about.rolloutId === undefined)) return false
  const rolloutEndpoint = about.rolloutId === undefined ? undefined : await findRollout(system.db, about.rolloutId)
  const endpointId = about.endpointId ?? rolloutEndpoint?.endpointId
  const step: Step = { entry, workspaceId, turn, endpointId, rolloutId: about.rolloutId }
  const due = effect && (await stillDue(system, step, effect))
  try {
    if (!due) await addLines(system, step)
    else if ('resolves' in due) await recordResolving(system, step, due)
    else await recordOpening(system, step, due)
  } catch (error) {
    if (!isProblem(error, 'forbidden') && !isProblem(error, 'not-found')) throw error
    // It would be refused for ever. The refusal is on record; the incidents of everybody else go on.
    system.log.error({ err: error, entryId: entry.id, workspaceId }, 'an incident was refused for an audit entry')
    await addLines(system, step)
  }
  return true
}

/** Undefined when there is nothing (more) to open or to resolve: then the entry is a line in timelines at most. */
async function stillDue(system: System, step: Step, effect: Effect): Promise<Effect | undefined> {
  const isResolving = 'resolves' in effect
  const fingerprint = isResolving ? effect.resolves : effect.fingerprint
  const { workspaceId, entry } = step
  const { open, isHandled } = await selectStanding(system.db, { workspaceId, fingerprint, entryId: entry.id })
  if (isHandled) return undefined
  if (!isResolving) {
    const isNews = open?.title !== effect.title || open.state !== 'mitigated'
    return effect.updatesOnly && (!open || !isNews) ? undefined : effect
  }
  if (!open) return undefined
  return effect.unlessDriftAt !== undefined && (await isDrifting(system, effect.unlessDriftAt)) ? undefined : effect
}

async function isDrifting(system: System, endpointId: string): Promise<boolean> {
  return (await findOpenFindings(system.db, { endpointId })).some((finding) => finding.level === 'act')
}

// A line is a copy of an entry of the log, so it needs no entry of its own.
async function addLines(system: System, step: Step): Promise<void> {
  await housekeep(system, 'feed-cursor', async (tx) => {
    await step.turn.take(tx)
    await pass(tx, step)
  })
}
