import type { BreakGlassView } from '#lib/approvals/model-break-glass.ts'
import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { Status } from '../../../_ui/status.tsx'
import s from './approval.module.css'

export type StandingProps = { approval: ApprovalDetail; glasses: readonly BreakGlassView[] }

/** What stands against using it now: a subject that changed, a freeze; and break-glass that was used for it. */
export function Standing({ approval: { changed, freeze, state }, glasses }: StandingProps) {
  const isLive = state === 'open' || state === 'approved'
  const isStale = isLive && changed.length > 0
  if (!isStale && freeze === null && glasses.length === 0) return null
  return (
    <Panel title="What stands against it now" live>
      <ul className={s.foot}>
        {isStale && (
          <li>
            <Status of="void">Changed</Status> The {changed.join(' and ')} changed since this revision was submitted.{' '}
            {state === 'open'
              ? 'The new revision is being submitted; votes on this one will be void.'
              : 'It clears nothing new until the new revision is approved.'}
          </li>
        )}
        {freeze !== null && (
          <li>
            <Status of="expired">Frozen</Status> {freeze}. Rolling back is possible all the same.
          </li>
        )}
        {glasses.map((glass) => (
          <li key={glass.id}>
            <Status of="rejected">Break-glass</Status> used by {glass.usedBy.name} on{' '}
            <time dateTime={glass.at.toISOString()}>{glass.at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>:{' '}
            {glass.reason}. {reviewWords(glass)}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function reviewWords({ review, overdue, live }: BreakGlassView): string {
  if (review)
    return `${review.by.name} ${review.verdict === 'accepted' ? 'accepted it' : 'objected'}: ${review.reason}.`
  const now = live ? 'It is in force.' : 'It has run out.'
  return `${now} ${overdue ? 'Its review is overdue.' : 'It awaits a review by somebody else.'}`
}
