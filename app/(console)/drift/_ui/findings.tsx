import Link from 'next/link'
import type { FindingView } from '#lib/drift/reads.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { refusalOf } from '../../../_server/may.ts'
import { GovernedAction } from '../../../_ui/dialog/governed-action.tsx'
import { Drill } from '../../../_ui/drill.tsx'
import { formatNumber } from '../../../_ui/format.ts'
import { Status, type StatusOf } from '../../../_ui/status.tsx'
import { Ago } from '../../../_ui/time.tsx'
import { paths } from '../../../paths.ts'
import { acknowledge } from '../actions.ts'
import { eventDay } from './words.ts'
import s from './drift.module.css'

const states: Record<FindingView['state'], StatusOf> = {
  open: 'open',
  acknowledged: 'acknowledged',
  resolved: 'resolved',
}

export type FindingListProps = { findings: readonly FindingView[]; ctx: Ctx; nowMs: number; linked?: boolean }

/** Findings with why they opened and who looks after them. */
export async function FindingList({ findings, ctx, nowMs, linked = true }: FindingListProps) {
  return (
    <ul className={s.findings}>
      {await Promise.all(
        findings.map(async (finding) => (
          <li key={finding.id} className={s.finding}>
            <Status of={states[finding.state]} />
            <p>
              <b>
                {linked ? (
                  <Link
                    href={paths.driftFeature(finding.monitorId, finding.feature)}
                    prefetch={false}
                    className="text-link"
                  >
                    {finding.feature}
                  </Link>
                ) : (
                  finding.feature
                )}
              </b>{' '}
              at {finding.endpointName}: {finding.level}, {finding.state === 'resolved' ? 'last ' : ''}PSI{' '}
              {formatNumber(finding.figures.effect, '', 3)}, since {eventDay(finding.since)} (event time){' '}
              {finding.drill && <Drill label={finding.drill} />}
              <small>
                {finding.because} Opened <Ago atMs={finding.openedAt.getTime()} nowMs={nowMs} />
                {finding.acknowledgedBy && `, acknowledged by ${finding.acknowledgedBy}`}
                {finding.resolvedAt && (
                  <>
                    , resolved <Ago atMs={finding.resolvedAt.getTime()} nowMs={nowMs} />
                  </>
                )}
              </small>
            </p>
            {finding.state !== 'resolved' && <Acknowledge finding={finding} ctx={ctx} />}
          </li>
        )),
      )}
    </ul>
  )
}

async function Acknowledge({ finding, ctx }: { finding: FindingView; ctx: Ctx }) {
  const scope = { environment: finding.environment }
  const refusal = await refusalOf(ctx, 'finding:acknowledge', scope, finding.can.acknowledge)
  return (
    <GovernedAction
      opener="Acknowledge…"
      icon="check"
      title={`Look after the drift of ${finding.feature}?`}
      plan={[
        { what: 'Finding', from: finding.state, to: 'acknowledged, by you' },
        { what: 'Verdict', to: 'goes on being updated until it resolves' },
      ]}
      verb="Acknowledge"
      action={acknowledge}
      fields={{ findingId: finding.id }}
      refusal={refusal}
    />
  )
}
