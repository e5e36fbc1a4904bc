import { z } from 'zod'
import { attemptsMax, type NotificationKind } from './model.ts'

/** An entry of the feed, as far as the rules look at it. */
export type RuleEntry = {
  kind: string
  resourceKind: string
  resourceId: string
  outcome: 'done' | 'denied' | 'found'
  time: Date
  content: { resource: { name?: string | undefined }; after?: unknown } | undefined
}

/** Whom it concerns: those who may decide on the request, whoever made it, or the admins of the workspace. */
export type Telling = {
  kind: NotificationKind
  to: 'deciders' | 'requester' | 'admins'
  /** The request that it is about, or what break-glass was used on. */
  resource: { kind: string; id: string }
  title: string
  text: string
  /** An approval was given: its end is worth a reminder. */
  remind?: true
}

/** Older entries are history: an installation that was down for a week does not mail a week. */
const ageMsMax = 3 * 86_400_000

const text = z.string().max(300).optional().catch(undefined)
const After = z.object({ state: text, supersedes: text }).catch({})

/**
 * What an entry of the audit feed asks to tell people, if anything. Pure. It names the thing, never the people, and repeats
 * nobody's reasons: those are on the page, for who may read it.
 */
export function tellingsOf(entry: RuleEntry, now: Date): Telling[] {
  if (entry.outcome === 'denied' || !entry.content) return []
  if (now.getTime() - entry.time.getTime() > ageMsMax) return []
  const name = entry.content.resource.name ?? entry.resourceId
  const after = After.parse(entry.content.after)
  const resource = { kind: entry.resourceKind, id: entry.resourceId }
  if (entry.kind.startsWith('break-glass:')) return [breakGlass(entry.kind, resource, name)]
  if (entry.resourceKind !== 'approval') return []
  const ended = (id: string, title: string, words: string): Telling => ({
    kind: 'approval-ended',
    to: 'requester',
    resource: { kind: 'approval', id },
    title,
    text: words,
  })
  switch (entry.kind) {
    case 'approval:request':
      return [
        {
          kind: 'approval-waiting',
          to: 'deciders',
          resource,
          title: `${name} waits for your decision`,
          text: 'You may decide on this request. The page shows its evidence, what serves now and who has voted.',
        },
        ...(after.supersedes === undefined
          ? []
          : [
              ended(
                after.supersedes,
                `Superseded: ${name}`,
                'A newer revision was submitted. Votes on the old one are void.',
              ),
            ]),
      ]
    case 'approval:vote':
      return voteOf(after.state, resource, name)
    case 'approval:revoke':
      return [ended(resource.id, `Revoked: ${name}`, 'The approval does not hold any more.')]
    case 'approval:expire':
      return [ended(resource.id, `Expired: ${name}`, 'It ran out. Ask for approval again if it is still wanted.')]
    default:
      return []
  }
}

function voteOf(state: string | undefined, resource: Telling['resource'], name: string): Telling[] {
  const told = { kind: 'approval-decided', to: 'requester', resource } as const
  if (state === 'approved')
    return [{ ...told, title: `Approved: ${name}`, text: 'The quorum is there. It may serve now.', remind: true }]
  if (state === 'rejected')
    return [{ ...told, title: `Rejected: ${name}`, text: 'A veto is final for this revision. The page says why.' }]
  return []
}

function breakGlass(action: string, resource: Telling['resource'], name: string): Telling {
  const what = { use: 'was used', review: 'was reviewed', overdue: 'has not been reviewed in time' }
  const verb = action.slice(action.indexOf(':') + 1)
  const words = what[verb as keyof typeof what] ?? verb
  return {
    kind: 'break-glass',
    to: 'admins',
    resource,
    title: `Break-glass ${words}: ${name}`,
    text: 'Somebody acted without an approval. It has to be reviewed by somebody else.',
  }
}

/** When the next attempt is due, in milliseconds from now: 30 s, doubled each time, an hour at most; null gives up. */
export function retryMs(attempt: number): number | null {
  if (attempt >= attemptsMax) return null
  return Math.min(3_600_000, 30_000 * 2 ** (attempt - 1))
}
