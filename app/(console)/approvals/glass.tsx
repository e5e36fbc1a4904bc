import Link from 'next/link'
import type { BreakGlassView } from '#lib/approvals/model-break-glass.ts'
import { mayReviewGlass } from '#lib/approvals/reads-break-glass.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../_server/may.ts'
import { paths } from '../../paths.ts'
import { curlOf } from '../../_ui/curl.ts'
import { GovernedAction } from '../../_ui/dialog/governed-action.tsx'
import { Panel } from '../../_ui/panel.tsx'
import { Mark, Status } from '../../_ui/status.tsx'
import { reviewGlassAction } from './actions.ts'
import s from './glass.module.css'

/** In the head of whatever was done under break-glass, until somebody else has reviewed it. */
export function GlassBadge({ glasses, href }: { glasses: readonly BreakGlassView[]; href: string }) {
  if (glasses.every((glass) => glass.review !== null)) return null
  return (
    <Link href={href} prefetch={false} className={s.badge}>
      <Mark glyph="triangle" hue="bad" chip>
        Break-glass, not reviewed
      </Mark>
    </Link>
  )
}

type GlassProps = { ctx: Ctx; workspace: string; glasses: readonly BreakGlassView[] }

/** The uses of break-glass for what a page is about, each with its review; a reviewed one stays, so that its dialog can say so. */
export function GlassPanel({ glasses, ...session }: GlassProps) {
  if (glasses.length === 0) return null
  return (
    <Panel title="Break-glass" live>
      <ul className={s.list} id="break-glass">
        {glasses.map((glass) => (
          <GlassItem key={glass.id} glass={glass} {...session} />
        ))}
      </ul>
    </Panel>
  )
}

/** One use: who, when, why, what came of its review, and the review for those who may. */
export async function GlassItem({ ctx, workspace, glass }: Omit<GlassProps, 'glasses'> & { glass: BreakGlassView }) {
  const { usedBy, at, reason, incidentId, environment } = glass
  return (
    <li className={s.item}>
      <div>
        <Status of="rejected">Break-glass</Status> used by {usedBy.name} in {environment.name} on{' '}
        <time dateTime={at.toISOString()}>{at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>:{' '}
        {sentence(reason)}{' '}
        {incidentId !== null && (
          <>
            <Link className="text-link" href={paths.incident(incidentId)} prefetch={false}>
              Its incident
            </Link>
            .{' '}
          </>
        )}
        {reviewWords(glass)}
      </div>
      <div className={s.actions}>
        {(['objected', 'accepted'] as const).map((verdict) => (
          <Review key={verdict} ctx={ctx} workspace={workspace} glass={glass} verdict={verdict} />
        ))}
      </div>
    </li>
  )
}

type ReviewProps = { ctx: Ctx; workspace: string; glass: BreakGlassView; verdict: 'accepted' | 'objected' }

async function Review({ ctx, workspace, glass, verdict }: ReviewProps) {
  const { id, usedBy, version, environment, review, live } = glass
  const refusal = await refusalOf(
    ctx,
    'break-glass:review',
    { environment: environment.name },
    await mayReviewGlass(ctx, glass),
  )
  const accepts = verdict === 'accepted'
  return (
    <GovernedAction
      refusal={refusal}
      absent={review !== null}
      opener={accepts ? 'Accept…' : 'Object…'}
      kind={accepts ? 'default' : 'danger'}
      title={`${accepts ? 'Accept' : 'Object to'} the break-glass of ${usedBy.name} for ${version.modelName} ${version.version}?`}
      plan={[
        { what: 'Review', from: 'none', to: verdict },
        {
          what: 'What it clears',
          to: accepts || !live ? (live ? 'goes on until its time is over' : 'has run out') : 'ends at once',
        },
        { what: `Another use in ${environment.name}`, from: 'blocked', to: 'possible again' },
      ]}
      note={
        accepts
          ? 'It says that the emergency was one. It approves nothing: the version still needs its approval.'
          : 'Nothing new may serve under it. What serves already goes on until it is rolled back.'
      }
      verb={accepts ? 'Accept the use' : 'Object to the use'}
      action={reviewGlassAction}
      fields={{ breakGlassId: id, verdict }}
      reasonLengthMin={3}
      commands={{
        curl: curlOf({
          origin: ctx.config.origin,
          workspace,
          method: 'POST',
          path: `/break-glass/${id}/review`,
          body: { verdict, reason: 'why' },
        }),
      }}
    />
  )
}

function reviewWords({ review, overdue, live }: BreakGlassView): string {
  if (review)
    return `${review.by.name} ${review.verdict === 'accepted' ? 'accepted it' : 'objected'}: ${sentence(review.reason)}`
  const now = live ? 'It is in force.' : 'It has run out.'
  return `${now} ${overdue ? 'Its review is overdue.' : 'It awaits a review by somebody else.'}`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
