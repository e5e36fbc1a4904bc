import type { BreakGlassView } from '#lib/approvals/model-break-glass.ts'
import type { ApprovalDetail } from '#lib/approvals/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { Panel } from '../../../_ui/panel.tsx'
import { Status } from '../../../_ui/status.tsx'
import { GlassItem } from '../glass.tsx'
import s from './approval.module.css'

export type StandingProps = {
  ctx: Ctx
  workspace: string
  approval: ApprovalDetail
  glasses: readonly BreakGlassView[]
}

/** What stands against using it now: a subject that changed, a freeze; and break-glass that was used for it. */
export function Standing({ ctx, workspace, approval: { changed, freeze, state }, glasses }: StandingProps) {
  const isLive = state === 'open' || state === 'approved'
  const isStale = isLive && changed.length > 0
  if (!isStale && freeze === null && glasses.length === 0) return null
  return (
    <Panel title="What stands against it now" live>
      <ul className={s.foot} id="break-glass">
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
          <GlassItem key={glass.id} ctx={ctx} workspace={workspace} glass={glass} />
        ))}
      </ul>
    </Panel>
  )
}
